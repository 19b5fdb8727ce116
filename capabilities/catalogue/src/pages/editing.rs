//! The entry editor: one form for a new draft and for another wording, fields included; and sending it to review.
//! Large entries are better edited as a table, see `importing`.

use serde_json::json;
use yiwang_gate::Mask;
use yiwang_host::{Answer, Call};
use yiwang_kernel::{Error, Result, Text};
use yiwang_web::{Choice, Field as Input, Fields, Form, View};

use super::{Section, again, department, entry_head, entry_json, head, respond, theme_title};
use crate::model::{
    Content, Cycle, Duties, Entry, Field, Format, Library, Opening, STEPS, Sharing, THEMES, draft_name,
};
use crate::ops;

/// Empty rows for further fields.
const ROWS_FREE: usize = 3;
/// Fields the form shows at most; more are edited as a table.
const ROWS_MAX: usize = 100;

/// `/catalogue/new`.
pub(crate) async fn new(call: Call) -> Answer {
    let mut content = Content::new(Text::default(), call.ctx.actor.department().unwrap_or_default());
    content.fields.clear();
    let form = form(&call, "/catalogue/new", &content, None).await?;
    let sections = [Section::plain(form.render(&call.view)?)];
    let title = call.view.t("catalogue-new");
    respond(&call, head(&call.view, title), &call.view.t("catalogue-new-lead"), &sections, &json!({}))
}

/// Posts a new draft.
pub(crate) async fn create(call: Call, given: Fields) -> Answer {
    let code = given.filled("code").map(str::to_owned);
    let made = match content_of(&given) {
        Ok(content) => ops::create(&call.platform, &call.ctx, code.as_deref(), &content).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(entry) => call.done(&format!("/catalogue/{}/metadata", entry.code), &entry_json(&entry)),
        Err(error) => {
            let content = Content::new(Text::default(), "");
            let form = form(&call, "/catalogue/new", &content, None).await?.filled(&given);
            again(&call, head(&call.view, call.view.t("catalogue-new")), form, error)
        }
    }
}

/// `/catalogue/{code}/edit`.
pub(crate) async fn edit(call: Call) -> Answer {
    let entry = ops::entry(&call.platform, &call.ctx, call.path("code")?).await?;
    let form = edit_form(&call, &entry).await?;
    let submit = Form::post(format!("/catalogue/{}/submit", entry.code), call.view.t("catalogue-submit"));
    let mut sections = vec![Section::plain(form.render(&call.view)?)];
    sections.push(Section::new(call.view.t("catalogue-submit-lead"), submit.render(&call.view)?));
    let lead = if entry.returned.is_empty() {
        String::new()
    } else {
        call.view.with("catalogue-returned-because", "reason", entry.returned.clone())
    };
    let head = entry_head(&call.view, &entry, &call.view.t("catalogue-do-edit"));
    respond(&call, head, &lead, &sections, &entry_json(&entry))
}

/// Posts another wording.
pub(crate) async fn save(call: Call, given: Fields) -> Answer {
    let code = call.path("code")?.to_owned();
    let revision = given.number("revision")?.ok_or_else(|| Error::invalid("revision", "field-missing"))?;
    let saved = match content_of(&given) {
        Ok(content) => ops::edit(&call.platform, &call.ctx, &code, revision, &content).await,
        Err(error) => Err(error),
    };
    match saved {
        Ok(entry) => call.done(&format!("/catalogue/{code}/edit"), &entry_json(&entry)),
        Err(error) => {
            let entry = ops::entry(&call.platform, &call.ctx, &code).await?;
            let form = edit_form(&call, &entry).await?.filled(&given);
            let head = entry_head(&call.view, &entry, &call.view.t("catalogue-do-edit"));
            again(&call, head, form, error)
        }
    }
}

/// Sends to review; a step without a name comes back with the form.
pub(crate) async fn submit(call: Call) -> Answer {
    let code = call.path("code")?.to_owned();
    match ops::submit(&call.platform, &call.ctx, &code).await {
        Ok(entry) => call.done(&format!("/catalogue/{code}/metadata"), &entry_json(&entry)),
        Err(error) => {
            let entry = ops::entry(&call.platform, &call.ctx, &code).await?;
            let form = edit_form(&call, &entry).await?;
            let head = entry_head(&call.view, &entry, &call.view.t("catalogue-do-edit"));
            again(&call, head, form, error)
        }
    }
}

async fn edit_form(call: &Call, entry: &Entry) -> Result<Form> {
    let content = entry.latest();
    if content.fields.len() > ROWS_MAX {
        return Err(Error::too_large("catalogue-fields-form").with("limit", ROWS_MAX));
    }
    form(call, &format!("/catalogue/{}/edit", entry.code), content, Some(entry)).await
}

async fn form(call: &Call, action: &str, content: &Content, entry: Option<&Entry>) -> Result<Form> {
    let view = &call.view;
    let names = ops::department_names(&call.platform).await?;
    let departments: Vec<Choice> =
        names.keys().map(|code| (code.clone(), department(&names, view.lang, code))).collect();
    let mut form = Form::post(action, view.t("catalogue-save"));
    form = match entry {
        Some(entry) => form.field(Input::hidden("revision", entry.revision.to_string())),
        None => form.field(Input::text("code", view.t("catalogue-field-code")).hint(view.t("catalogue-code-hint"))),
    };
    let text = |name: &str, value: &str| Input::text(name, view.t(&label(name))).value(value);
    let themes = THEMES.iter().map(|theme| (theme.code.to_owned(), theme_title(theme.code, view.lang))).collect();
    form = form
        .field(text("title_zh", &content.title.zh).required())
        .field(text("title_en", &content.title.en))
        .field(Input::area("summary_zh", view.t("catalogue-field-summary")).value(&content.summary.zh))
        .field(Input::area("summary_en", view.t("catalogue-field-summary-en")).value(&content.summary.en))
        .field(text("keywords", &content.keywords))
        .field(Input::select("provider", view.t("catalogue-field-provider"), departments).value(&content.provider))
        .field(Input::select("theme", view.t("catalogue-field-theme"), themes).value(&content.theme));
    form = classes(view, form, content);
    for (step, name) in content.duties.steps() {
        let label = view.t(&format!("catalogue-duty-{step}"));
        form = form.field(Input::text(&format!("duty_{step}"), label).value(name));
    }
    for place in 0..content.fields.len() + ROWS_FREE {
        form = row(view, form, place, content.fields.get(place));
    }
    Ok(form)
}

fn classes(view: &View, form: Form, content: &Content) -> Form {
    let choices = |ids: Vec<(&str, String)>| -> Vec<Choice> {
        ids.into_iter().map(|(word, id)| (word.to_owned(), view.t(&id))).collect()
    };
    let formats = choices(Format::ALL.iter().map(|one| (one.word(), one.text_id())).collect());
    let libraries = choices(Library::ALL.iter().map(|one| (one.word(), one.text_id())).collect());
    let sharings = choices(Sharing::ALL.iter().map(|one| (one.word(), one.text_id())).collect());
    let openings = choices(Opening::ALL.iter().map(|one| (one.word(), one.text_id())).collect());
    let cycles = choices(Cycle::ALL.iter().map(|one| (one.word(), one.text_id())).collect());
    let mut grades: Vec<Choice> = vec![(String::new(), view.t("catalogue-ungraded"))];
    grades.extend(
        (1..=4).map(|grade: u8| (grade.to_string(), view.with("catalogue-grade-n", "grade", grade.to_string()))),
    );
    let grade = content.grade.map(|grade| grade.to_string()).unwrap_or_default();
    form.field(Input::select("format", view.t("catalogue-field-format"), formats).value(content.format.word()))
        .field(Input::select("library", view.t("catalogue-field-library"), libraries).value(content.library.word()))
        .field(
            Input::select("sharing", view.t("catalogue-field-sharing"), sharings)
                .value(content.sharing.word())
                .hint(view.t("catalogue-sharing-hint")),
        )
        .field(Input::text("sharing_terms", view.t("catalogue-field-sharing-terms")).value(&content.sharing_terms))
        .field(Input::select("opening", view.t("catalogue-field-opening"), openings).value(content.opening.word()))
        .field(Input::text("opening_terms", view.t("catalogue-field-opening-terms")).value(&content.opening_terms))
        .field(Input::select("grade", view.t("catalogue-field-grade"), grades).value(grade))
        .field(Input::select("cycle", view.t("catalogue-field-cycle"), cycles).value(content.cycle.word()))
        .field(
            Input::input("retain_until", view.t("catalogue-field-retain-until"), "date")
                .value(&content.retain_until)
                .hint(view.t("catalogue-retain-until-hint")),
        )
        .field(Input::text("region", view.t("catalogue-field-region")).value(&content.region))
        .field(Input::text("contact", view.t("catalogue-field-contact")).value(&content.contact))
}

/// The inputs of one field; an empty title means there is none.
fn row(view: &View, form: Form, place: usize, field: Option<&Field>) -> Form {
    let empty = Field::default();
    let known = field.unwrap_or(&empty);
    let label = |id: &str| format!("{} · {}", view.with("catalogue-field-n", "n", view.n(place + 1)), view.t(id));
    let name = |part: &str| format!("f{place}_{part}");
    let masks = ["", "null", "hash", "keep_3_4", "keep_1_0", "drop"];
    let masks: Vec<Choice> =
        masks.iter().map(|word| ((*word).to_owned(), view.t(&format!("catalogue-mask-{}", mask_id(word))))).collect();
    let marks: Vec<Choice> = ["key", "personal", "sortable", "source", "nullable"]
        .iter()
        .map(|mark| ((*mark).to_owned(), view.t(&format!("catalogue-mark-{mark}"))))
        .collect();
    let set = [
        (known.key, "key"),
        (known.personal, "personal"),
        (known.sortable, "sortable"),
        (known.source, "source"),
        (known.nullable, "nullable"),
    ];
    let set: Vec<&str> = set.iter().filter(|(on, _)| *on).map(|(_, mark)| *mark).collect();
    let kind = known.kind.clone().unwrap_or_default();
    let form = match field {
        Some(field) => form.field(Input::hidden(&name("name"), &field.name)),
        None => form,
    };
    form.field(Input::text(&name("title_zh"), label("catalogue-field-title")).value(&known.title.zh))
        .field(Input::text(&name("title_en"), label("catalogue-field-title-en")).value(&known.title.en))
        .field(Input::text(&name("type"), label("catalogue-field-type")).value(&known.r#type))
        .field(Input::select(&name("mask"), label("catalogue-mask"), masks).value(mask_word(known.mask)))
        .field(Input::checks(&name("marks"), label("catalogue-field-marks"), marks).value(set.join(" ")))
        .field(Input::text(&name("datum"), label("catalogue-field-datum")).value(&known.datum))
        .field(Input::hidden(&name("kind"), kind))
}

/// The content a form holds.
fn content_of(given: &Fields) -> Result<Content> {
    let mut content = Content::new(given.text("title"), given.required("provider")?);
    let line = |name: &str| given.filled(name).unwrap_or_default().to_owned();
    content.summary = given.text("summary");
    content.keywords = line("keywords");
    content.theme = line("theme");
    content.sharing_terms = line("sharing_terms");
    content.opening_terms = line("opening_terms");
    content.region = line("region");
    content.contact = line("contact");
    content.retain_until = line("retain_until");
    content.format = Format::parse(given.required("format")?)?;
    content.library = Library::parse(given.required("library")?)?;
    content.sharing = given.filled("sharing").map_or(Ok(Sharing::Unconditional), Sharing::parse)?;
    content.opening = Opening::parse(given.required("opening")?)?;
    content.cycle = Cycle::parse(given.required("cycle")?)?;
    let range = |number: i64| u8::try_from(number).map_err(|_| Error::invalid("grade", "grade-range"));
    content.grade = given.number("grade")?.map(range).transpose()?;
    let [collect, transfer, store, r#use, open] = STEPS.map(|step| line(&format!("duty_{step}")));
    content.duties = Duties { collect, transfer, store, r#use, open };
    for place in 0..ROWS_MAX + ROWS_FREE {
        if let Some(field) = field_of(given, place, &content)? {
            content.fields.push(field);
        }
    }
    Ok(content)
}

fn field_of(given: &Fields, place: usize, content: &Content) -> Result<Option<Field>> {
    let title = given.text(&format!("f{place}_title"));
    if title.zh.is_empty() {
        return Ok(None);
    }
    let part = |part: &str| given.filled(&format!("f{place}_{part}")).unwrap_or_default().to_owned();
    let name = match part("name") {
        name if name.is_empty() => draft_name(&title.zh, &|name| content.field(name).is_some()),
        name => name,
    };
    let marks_name = format!("f{place}_marks");
    let marked = |mark: &str| given.all(&marks_name).any(|given| given == mark);
    let r#type = if part("type").is_empty() { "text".to_owned() } else { part("type") };
    Ok(Some(Field {
        name,
        title,
        r#type,
        length: None,
        nullable: marked("nullable"),
        kind: Some(part("kind")).filter(|kind| !kind.is_empty()),
        personal: marked("personal"),
        mask: mask_of(&part("mask"))?,
        sortable: marked("sortable"),
        key: marked("key"),
        source: marked("source"),
        datum: part("datum"),
    }))
}

/// The mask behind a choice of the form.
pub(crate) fn mask_of(word: &str) -> Result<Option<Mask>> {
    match word {
        "" => Ok(None),
        "null" => Ok(Some(Mask::Null)),
        "hash" => Ok(Some(Mask::Hash)),
        "drop" => Ok(Some(Mask::Drop)),
        _ => {
            let numbers: Vec<usize> = word.split('_').skip(1).filter_map(|number| number.parse().ok()).collect();
            match numbers.as_slice() {
                [first, last] => Ok(Some(Mask::Keep { first: *first, last: *last })),
                _ => Err(Error::invalid("mask", "catalogue-word").with("given", word)),
            }
        }
    }
}

fn mask_word(mask: Option<Mask>) -> String {
    match mask {
        None => String::new(),
        Some(Mask::Null) => "null".to_owned(),
        Some(Mask::Hash) => "hash".to_owned(),
        Some(Mask::Drop) => "drop".to_owned(),
        Some(Mask::Keep { first, last }) => format!("keep_{first}_{last}"),
    }
}

fn mask_id(word: &str) -> String {
    if word.is_empty() { "none".to_owned() } else { word.replace('_', "-") }
}

fn label(name: &str) -> String {
    format!("catalogue-field-{}", name.replace("_zh", "").replace('_', "-"))
}
