//! Places: the regions of the province to street level, as a dated code list everybody may read.
//! Standard addresses, grid cells and map layers are not here.

mod model;
mod pages;

#[cfg(test)]
mod tests;

use yiwang_host::{Capability, MenuItem, get};
use yiwang_kernel::{Lang, Text};

/// What places adds to the product.
pub fn capability() -> Capability {
    Capability::new("places", Text::new("地址", "Places"))
        .route(
            get("/places", pages::list)
                .open()
                .audit_none("a public code list")
                .doc("行政区划：省、市、县、镇街", "regions: the province, its cities, counties and streets")
                .both()
                .takes("q", "名称或代码的一部分", "part of a name or code")
                .takes("page", "第几页，从 1 起", "page, from 1"),
        )
        .route(
            get("/places/{code}", pages::region)
                .open()
                .audit_none("a public code list")
                .doc("一个行政区划及其下级", "one region and those below it")
                .both(),
        )
        .menu(MenuItem::new("/places", Text::new("地址", "Places"), 50))
        .texts(&[(Lang::Zh, include_str!("../locales/zh.ftl")), (Lang::En, include_str!("../locales/en.ftl"))])
        .docs(include_str!("../../../docs/places.md"))
}
