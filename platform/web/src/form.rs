//! Forms: label, hint and error beside each field, an error summary above, the forgery token first. Posts plainly.
//! Judges no value; the operation does, and its `Invalid { field }` is shown beside that field.

use askama::Template;
use yiwang_kernel::{Error, Result};

use crate::{Fields, Markup, View};

/// A form under construction.
#[derive(Debug, Clone)]
pub struct Form {
    action: String,
    submit: String,
    fields: Vec<Field>,
    asks: bool,
    danger: bool,
    error: Option<Error>,
}

/// One field of a form.
#[derive(Debug, Clone)]
pub struct Field {
    name: String,
    label: String,
    kind: Kind,
    hint: String,
    value: String,
    required: bool,
    autocomplete: &'static str,
}

/// A choice of a field: value and words.
pub type Choice = (String, String);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Input(&'static str),
    Area,
    Select(Vec<Choice>),
    Radio(Vec<Choice>),
    Checks(Vec<Choice>),
    Tick,
    File(String),
    Hidden,
    Heading,
}

#[derive(Template)]
#[template(path = "form.html")]
struct FormBody<'a> {
    view: &'a View,
    form: &'a Form,
    shown: Vec<Shown<'a>>,
    summary: String,
    summary_to: String,
}

struct Shown<'a> {
    field: &'a Field,
    error: String,
    described: String,
}

impl Form {
    /// A form that posts to this address; `submit` is the word on its button.
    pub fn post(action: impl Into<String>, submit: impl Into<String>) -> Form {
        let (action, submit) = (action.into(), submit.into());
        Form { action, submit, fields: Vec::new(), asks: false, danger: false, error: None }
    }

    /// A form whose fields become the query of this address (search, filter).
    pub fn get(action: impl Into<String>, submit: impl Into<String>) -> Form {
        Form { asks: true, ..Form::post(action, submit) }
    }

    /// Adds a field.
    #[must_use]
    pub fn field(mut self, field: Field) -> Form {
        self.fields.push(field);
        self
    }

    /// Its button takes something away or cannot be undone.
    #[must_use]
    pub fn danger(mut self) -> Form {
        self.danger = true;
        self
    }

    /// Fills the fields with what was given before; passwords and files stay empty.
    #[must_use]
    pub fn filled(mut self, given: &Fields) -> Form {
        for field in &mut self.fields {
            field.fill(given);
        }
        self
    }

    /// What was wrong with what was given.
    #[must_use]
    pub fn error(mut self, error: Error) -> Form {
        self.error = Some(error);
        self
    }

    /// The form for this reader.
    pub fn render(&self, view: &View) -> Result<Markup> {
        let wrong = match &self.error {
            Some(Error::Invalid { field, .. }) => field.as_str(),
            _ => "",
        };
        let shown = self.fields.iter().map(|field| self.shown(view, field, wrong)).collect();
        let known = self.fields.iter().find(|field| !wrong.is_empty() && field.name == wrong);
        let body = FormBody {
            view,
            form: self,
            shown,
            summary: self.error.as_ref().map(|error| summary(view, known, error)).unwrap_or_default(),
            summary_to: known.map(|_| format!("#field-{wrong}")).unwrap_or_default(),
        };
        let html = body.render().map_err(|source| Error::internal("a form did not render", source))?;
        Ok(Markup::trusted(html))
    }

    fn shown<'a>(&'a self, view: &View, field: &'a Field, wrong: &str) -> Shown<'a> {
        let error = self.error.as_ref().filter(|_| field.name == wrong).map(|error| view.error(error));
        let error = error.unwrap_or_default();
        let mut described = Vec::new();
        if !field.hint.is_empty() {
            described.push(format!("hint-{}", field.name));
        }
        if !error.is_empty() {
            described.push(format!("error-{}", field.name));
        }
        Shown { field, error, described: described.join(" ") }
    }

    fn is_multipart(&self) -> bool {
        self.fields.iter().any(|field| matches!(field.kind, Kind::File(_)))
    }
}

impl Field {
    fn of(name: &str, label: impl Into<String>, kind: Kind) -> Field {
        Field {
            name: name.to_owned(),
            label: label.into(),
            kind,
            hint: String::new(),
            value: String::new(),
            required: false,
            autocomplete: "",
        }
    }

    /// A line of text.
    pub fn text(name: &str, label: impl Into<String>) -> Field {
        Field::of(name, label, Kind::Input("text"))
    }

    /// A password; never filled again.
    pub fn password(name: &str, label: impl Into<String>) -> Field {
        Field::of(name, label, Kind::Input("password"))
    }

    /// A line of another HTML type: `date`, `email`, `tel`, `number`, `search`.
    pub fn input(name: &str, label: impl Into<String>, html_type: &'static str) -> Field {
        Field::of(name, label, Kind::Input(html_type))
    }

    /// Several lines of text.
    pub fn area(name: &str, label: impl Into<String>) -> Field {
        Field::of(name, label, Kind::Area)
    }

    /// One of many choices, in a list.
    pub fn select(name: &str, label: impl Into<String>, choices: Vec<Choice>) -> Field {
        Field::of(name, label, Kind::Select(choices))
    }

    /// One of a few choices, all in sight.
    pub fn radio(name: &str, label: impl Into<String>, choices: Vec<Choice>) -> Field {
        Field::of(name, label, Kind::Radio(choices))
    }

    /// Any of some choices; their values joined by spaces fill it.
    pub fn checks(name: &str, label: impl Into<String>, choices: Vec<Choice>) -> Field {
        Field::of(name, label, Kind::Checks(choices))
    }

    /// A box to tick; its value is `1`.
    pub fn tick(name: &str, label: impl Into<String>) -> Field {
        Field::of(name, label, Kind::Tick)
    }

    /// A file; `accept` as in HTML (`.csv,.xlsx`). Makes the form multipart; state the size limit in the hint.
    pub fn file(name: &str, label: impl Into<String>, accept: impl Into<String>) -> Field {
        Field::of(name, label, Kind::File(accept.into()))
    }

    /// A value that only travels along.
    pub fn hidden(name: &str, value: impl Into<String>) -> Field {
        Field::of(name, "", Kind::Hidden).value(value)
    }

    /// Words above the fields that follow, for long forms.
    pub fn heading(words: impl Into<String>) -> Field {
        Field::of("", words, Kind::Heading)
    }

    /// What helps to fill it.
    #[must_use]
    pub fn hint(mut self, words: impl Into<String>) -> Field {
        self.hint = words.into();
        self
    }

    /// Its value.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Field {
        self.value = value.into();
        self
    }

    /// Must be filled.
    #[must_use]
    pub fn required(mut self) -> Field {
        self.required = true;
        self
    }

    /// What the browser may fill in: `username`, `current-password`, `one-time-code` ...
    #[must_use]
    pub fn autocomplete(mut self, token: &'static str) -> Field {
        self.autocomplete = token;
        self
    }

    fn fill(&mut self, given: &Fields) {
        match self.kind {
            Kind::Input("password") | Kind::File(_) | Kind::Hidden | Kind::Heading => {}
            Kind::Tick => self.value = if given.ticked(&self.name) { "1".to_owned() } else { String::new() },
            Kind::Checks(_) => self.value = given.all(&self.name).collect::<Vec<_>>().join(" "),
            Kind::Input(_) | Kind::Area | Kind::Select(_) | Kind::Radio(_) => {
                if let Some(value) = given.get(&self.name) {
                    value.clone_into(&mut self.value);
                }
            }
        }
    }

    fn holds(&self, choice: &str) -> bool {
        match self.kind {
            Kind::Checks(_) => self.value.split(' ').any(|value| value == choice),
            _ => self.value == choice,
        }
    }
}

/// What is wrong, beginning with the field's label where there is one.
fn summary(view: &View, known: Option<&Field>, error: &Error) -> String {
    let words = view.error(error);
    match known {
        Some(field) => {
            let args = [("label", field.label.as_str().into()), ("words", words.into())];
            view.with_args("form-error", &args)
        }
        None => words,
    }
}
