//! The pages every public site owes its readers: accessibility, privacy, help. Their words are texts of the locale,
//! numbered `portal-<name>-<n>-title` and `portal-<name>-<n>`; this file only walks them.

use yiwang_kernel::Lang;
use yiwang_web::View;

/// Sections one statement may have.
const SECTIONS_MAX: usize = 20;

/// One statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Statement {
    /// 无障碍声明.
    Accessibility,
    /// 隐私政策.
    Privacy,
    /// 帮助.
    Help,
}

/// One section, in the reader's language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Section {
    /// Its heading.
    pub(crate) title: String,
    /// Its paragraph.
    pub(crate) words: String,
}

impl Statement {
    /// The word in its address and its texts.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Statement::Accessibility => "accessibility",
            Statement::Privacy => "privacy",
            Statement::Help => "help",
        }
    }

    /// The message id of its title.
    pub(crate) fn title_id(self) -> String {
        format!("portal-{}-title", self.word())
    }

    /// Its sections.
    pub(crate) fn sections(self, view: &View) -> Vec<Section> {
        let id = |number: usize| format!("portal-{}-{number}", self.word());
        let there = |number: &usize| view.texts.has(Lang::Zh, &id(*number));
        let section = |number: usize| Section {
            title: view.t(&format!("{}-title", id(number))),
            words: view.with(&id(number), "phone", view.site.phone.clone()),
        };
        (1..=SECTIONS_MAX).take_while(there).map(section).collect()
    }
}
