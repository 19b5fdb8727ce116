//! The layout, tables, forms and charts as a reader without CSS and script meets them.

use yiwang_kernel::{Error, Lang};

use super::view;
use crate::{
    Asset, Cell, Chart, Column, Field, Fields, Form, Format, Head, Markup, Paging, Table, Tone, asset, assets, escape,
    map_files, page,
};

const EVIL: &str = "<script>alert('x')</script>\"&";

fn whole(lang: Lang) -> String {
    let body = Markup::trusted("<h1>Body</h1>".to_owned());
    page(&view(lang), &Head::new("停车场").crumb("/catalogue", "目录"), &body).expect("a page")
}

#[test]
fn the_first_links_are_skip_and_large_version() {
    let html = whole(Lang::Zh);
    let links: Vec<&str> = html.split("<a ").skip(1).map(|rest| rest.split('>').next().unwrap_or_default()).collect();
    assert!(links[0].contains("href=\"#main\""), "{}", links[0]);
    assert!(links[1].contains("large=1"), "{}", links[1]);
    assert!(links[1].contains("q=park"), "the large version is this very page: {}", links[1]);
    assert!(html.contains("<html lang=\"zh-CN\">"));
    assert!(whole(Lang::En).contains("<html lang=\"en\">"));
}

#[test]
fn large_mode_stays_in_the_address_and_can_be_left() {
    let mut large = view(Lang::Zh);
    large.large = true;
    let html = page(&large, &Head::new("t"), &Markup::default()).expect("a page");
    assert!(html.contains("<html lang=\"zh-CN\" class=\"large\">"));
    assert!(html.contains("large=0"));
}

#[test]
fn titles_and_words_of_users_are_escaped() {
    let head = Head::new(EVIL).crumb(EVIL, EVIL).searched(EVIL);
    let html = page(&view(Lang::Zh), &head, &Markup::default()).expect("a page");
    assert!(!html.contains("<script>alert"));
    assert_eq!(escape(EVIL), "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;");
}

#[test]
fn no_page_holds_inline_script_or_style() {
    let html = whole(Lang::Zh) + form(&view(Lang::Zh)).as_str();
    assert!(!html.contains("style="));
    assert!(!html.contains("<style"));
    assert!(!html.contains(" onclick"));
    let scripts = html.matches("<script").count();
    assert_eq!(scripts, html.matches("<script src=\"/assets/").count());
}

#[test]
fn a_page_with_all_its_files_stays_under_60_kilobytes() {
    let files: usize = assets().filter(|asset| !is_of_maps(asset)).map(|asset| asset.bytes.len()).sum();
    let weight = files + whole(Lang::Zh).len();
    assert!(weight < 60 * 1024, "{weight} bytes");
}

/// Files that only pages with a map fetch.
fn is_of_maps(asset: &Asset) -> bool {
    asset.name.starts_with("map")
}

#[test]
fn a_page_without_a_map_names_no_file_of_maps_and_pages_with_one_find_all() {
    let html = whole(Lang::Zh);
    for file in assets().filter(is_of_maps) {
        assert!(!html.contains(file.name), "{}", file.name);
    }
    let files = map_files().expect("a build with npm");
    for address in [files.script, files.library, files.worker, files.style] {
        let name = address.strip_prefix("/assets/").expect("an address below /assets/");
        assert!(asset(name).is_some_and(|file| is_of_maps(&file)), "{address}");
    }
}

#[test]
fn the_style_sheet_keeps_to_what_browsers_of_2017_read() {
    let style = assets().find(|asset| asset.media_type.starts_with("text/css")).expect("a style sheet");
    let css = std::str::from_utf8(style.bytes).expect("UTF-8");
    for banned in ["var(", ":has(", "display: grid", "@layer", "@container", ":is(", "inset:", "url("] {
        assert!(!css.contains(banned), "{banned}");
    }
}

fn table() -> Table {
    Table::new("资源")
        .column(Column::new("title", "名称").sortable())
        .column(Column::new("rows", "行数").number())
        .row(vec![Cell::link("/catalogue/1", EVIL), Cell::Number("1,322".to_owned())])
        .row(vec![Cell::State("停更".to_owned(), Tone::Warning), Cell::Missing])
}

#[test]
fn a_table_escapes_and_names_each_cell() {
    let html = table().total(2).render(&view(Lang::Zh)).expect("a table");
    assert!(!html.as_str().contains("<script>alert"));
    assert!(html.as_str().contains("data-label=\"行数\" class=\"number\"><span class=\"v\">1,322"));
    assert!(html.as_str().contains("共 2 条"));
}

#[test]
fn sorting_and_exports_keep_the_filter_and_start_anew() {
    let table = table().sorted("title", false).total(60).exports(&[Format::Csv]);
    let html = table.paging(Paging::Numbered { page: 2, rows: 20 }).render(&view(Lang::En)).expect("a table");
    let html = html.as_str().replace("&#38;", "&").replace("&amp;", "&");
    assert!(html.contains("aria-sort=\"ascending\""));
    assert!(html.contains("href=\"/catalogue?q=park&sort=title&dir=desc\""), "{html}");
    assert!(html.contains("href=\"/catalogue?q=park&format=csv\""), "{html}");
    assert!(html.contains("href=\"/catalogue?q=park&page=3\""), "{html}");
    assert!(html.contains("<span aria-current=\"page\">2</span>"));
    assert!(html.contains("21–22 of 60"));
}

#[test]
fn a_cursor_list_offers_next_and_start() {
    let mut later = view(Lang::En);
    "q=park&after=6162".clone_into(&mut later.query);
    let paging = Paging::Keyset { next: Some("6364".to_owned()) };
    let html = table().paging(paging).render(&later).expect("a table").to_string();
    assert!(html.contains("after=6364") && html.contains("rel=\"next\""));
    assert!(html.contains("href=\"/catalogue?q=park\" rel=\"first\""), "{html}");
}

#[test]
fn an_empty_list_teaches() {
    let table = Table::new("资源").column(Column::new("title", "名称")).empty("先装载一张表。");
    let html = table.render(&view(Lang::Zh)).expect("a table");
    assert!(html.as_str().contains("先装载一张表。") && !html.as_str().contains("<table"));
}

#[test]
fn a_row_of_another_width_is_an_error() {
    let table = Table::new("t").column(Column::new("a", "A")).row(Vec::new());
    assert!(table.render(&view(Lang::Zh)).is_err());
}

fn form(view: &crate::View) -> Markup {
    let given = Fields::of_query("name=%3Cb%3E&secret=hunter2&kind=b").expect("readable");
    Form::post("/people", "保存")
        .field(Field::text("name", "姓名").hint("与证件一致").required())
        .field(Field::password("secret", "口令"))
        .field(Field::radio("kind", "类别", vec![("a".into(), "甲".into()), ("b".into(), "乙".into())]))
        .filled(&given)
        .error(Error::invalid("name", "text-too-long").with("limit", 5))
        .render(view)
        .expect("a form")
}

#[test]
fn a_form_begins_with_its_token_and_keeps_what_was_given() {
    let view = view(Lang::Zh);
    assert!(!view.holds_form());
    let html = form(&view).to_string();
    assert!(view.holds_form());
    let first = html.find("<input").map(|at| &html[at..at + 60]).unwrap_or_default();
    assert!(first.contains("name=\"csrf\" value=\"token\""), "{first}");
    assert!(html.contains("&#60;b&#62;") || html.contains("&lt;b&gt;"));
    assert!(!html.contains("hunter2"), "a password is never filled again");
    assert!(html.contains("value=\"b\" checked"));
}

#[test]
fn an_error_stands_beside_its_field_and_above_the_form() {
    let html = form(&view(Lang::Zh)).to_string();
    assert!(html.contains("aria-describedby=\"hint-name error-name\""));
    assert!(html.contains("aria-invalid=\"true\""));
    assert!(html.contains("id=\"error-name\">不能超过 5 个字。"));
    assert!(html.contains("<a href=\"#field-name\">姓名：不能超过 5 个字。</a>"));
}

#[test]
fn a_form_that_asks_carries_no_token() {
    let view = view(Lang::Zh);
    let html = Form::get("/catalogue", "筛选").field(Field::text("q", "词")).render(&view).expect("a form");
    assert!(html.as_str().contains("method=\"get\"") && !html.as_str().contains("csrf"));
    assert!(!view.holds_form());
}

#[test]
fn a_form_with_a_file_is_multipart() {
    let form = Form::post("/load", "上传").field(Field::file("table", "文件", ".csv,.xlsx"));
    let html = form.render(&view(Lang::Zh)).expect("a form");
    assert!(html.as_str().contains("enctype=\"multipart/form-data\""));
}

#[test]
fn every_chart_has_its_table() {
    let points = vec![(EVIL.to_owned(), 3.0), ("b".to_owned(), 1.5)];
    for chart in [
        Chart::bars("按部门", "部门", "行数", points.clone()),
        Chart::line("按月", "月", "行数", points),
        Chart::bars("空", "部门", "行数", Vec::new()),
    ] {
        let html = chart.render(&view(Lang::Zh)).expect("a chart").to_string();
        assert!(html.contains("<table>") && !html.contains("<script>alert"));
        assert!(!html.contains("NaN") && !html.contains("inf"));
    }
}
