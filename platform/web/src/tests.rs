//! What pages promise: complete texts, escaped values, exact exports, a layout that works without CSS and script.

mod exports;
mod fields;
mod pages;
mod sheets;
mod texts;

use std::sync::Arc;

use yiwang_kernel::{Face, Lang, Text};

use crate::{Site, TEXTS, Texts, View};

fn view(lang: Lang) -> View {
    let texts = Texts::load(TEXTS).expect("the crate's own texts load");
    let site = Site { name: Text::new("示例市", "Example City"), phone: "12345".to_owned(), ..Site::default() };
    let mut view = View::new(lang, Face::Public, Arc::new(texts), Arc::new(site), "token".to_owned());
    "/catalogue".clone_into(&mut view.path);
    "q=park&page=2".clone_into(&mut view.query);
    view
}
