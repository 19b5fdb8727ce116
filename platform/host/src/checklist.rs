//! The way from an empty city to its first open resource, step by step, for those who set it up; gone once all is done.
//! Each capability declares its own steps; this only asks them.

use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;
use yiwang_access::Scope;
use yiwang_kernel::{Actor, Result};
use yiwang_web::{Markup, View};

use crate::own::CHECKLIST;
use crate::{Call, Step};

/// The declared steps, in order, and whether they were once found done.
#[derive(Debug)]
pub(crate) struct Checklist {
    steps: Vec<Step>,
    all_done: AtomicBool,
}

/// A step as a reader sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepShown {
    /// `capability.noun`.
    pub name: &'static str,
    /// What is to be done, and by whom.
    pub title: String,
    /// Where.
    pub path: &'static str,
    /// Whether it is done.
    pub done: bool,
    /// Whether the list may go away without it.
    pub optional: bool,
}

#[derive(askama::Template)]
#[template(path = "checklist.html")]
struct ChecklistBody<'a> {
    view: &'a View,
    items: &'a [StepShown],
}

impl Checklist {
    pub(crate) fn new(mut steps: Vec<Step>) -> Checklist {
        steps.sort_by_key(|step| step.order);
        Checklist { steps, all_done: AtomicBool::new(false) }
    }
}

impl Call {
    /// What is still to be done before the first resource is out; empty when all is, in a demo, and for whoever does
    /// not set up a city.
    pub async fn checklist(&self) -> Result<Vec<StepShown>> {
        let list = &self.checklist;
        let over = self.platform.demo || list.all_done.load(Ordering::Relaxed);
        if over || self.platform.access.check(&self.ctx, CHECKLIST, &Scope::CITY).is_err() {
            return Ok(Vec::new());
        }
        let ctx = self.platform.ctx(Actor::System("checklist"));
        let mut shown = Vec::with_capacity(list.steps.len());
        for step in &list.steps {
            let title = self.view.t(&format!("step-{}", step.name.replace(['.', '_'], "-")));
            let done = step.is_done(&self.platform, &ctx).await?;
            shown.push(StepShown { name: step.name, title, path: step.path, done, optional: step.optional });
        }
        if shown.iter().all(|step| step.done || step.optional) {
            list.all_done.store(true, Ordering::Relaxed);
            return Ok(Vec::new());
        }
        Ok(shown)
    }

    /// These steps as a part of a page; nothing for none.
    pub fn checklist_part(&self, items: &[StepShown]) -> Result<Markup> {
        if items.is_empty() {
            return Ok(Markup::default());
        }
        Markup::of(&ChecklistBody { view: &self.view, items })
    }
}
