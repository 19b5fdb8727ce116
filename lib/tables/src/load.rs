//! Joins what the chunks of a file say: the types of the whole, the pieces that have to be parsed again, the profile.
//! Holds no rows; memory is one profile a column and one list of types a piece.

use std::sync::Arc;

use yiwang_codes::Kind;

use crate::names::is_personal_header;
use crate::{Facts, Hint, Parsed, Plan, Profile, Reason, Type};

/// A column of the whole file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The drafted name.
    pub name: String,
    /// The header as it stands; empty where there is none.
    pub header: String,
    /// The narrowest type that holds every value.
    pub type_: Type,
    /// What its values name, if nine in ten name the same.
    pub kind: Option<Kind>,
    /// Whether its values, or its header, say that it is about persons.
    pub personal: bool,
    /// What it holds.
    pub profile: Profile,
}

/// What became of a file.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// How it was read.
    pub plan: Arc<Plan>,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Rows taken.
    pub rows: u64,
    /// Rows refused, by reason.
    pub refused: Vec<(Reason, u64)>,
    /// Pieces delivered, without those delivered again.
    pub pieces: u64,
    /// Pieces delivered again because a type had widened after them.
    pub again: u64,
}

/// Follows a load, piece by piece.
#[derive(Debug)]
pub struct Load {
    plan: Arc<Plan>,
    facts: Vec<Facts>,
    pieces: Vec<(u64, Vec<Type>)>,
    again: u64,
    rows: u64,
    refused: Vec<(Reason, u64)>,
}

impl Outcome {
    /// How many rows were refused.
    pub fn refused_count(&self) -> u64 {
        self.refused.iter().map(|(_, count)| count).sum()
    }

    /// The columns' types.
    pub fn types(&self) -> Vec<Type> {
        self.columns.iter().map(|column| column.type_).collect()
    }
}

impl Load {
    /// A load that has seen nothing yet.
    pub fn new(plan: Arc<Plan>) -> Load {
        let facts = plan.headers.iter().map(|_| Facts::default()).collect();
        Load { plan, facts, pieces: Vec::new(), again: 0, rows: 0, refused: Vec::new() }
    }

    /// The plan all pieces are parsed by.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// What the next piece is to be told.
    pub fn hints(&self) -> Vec<Hint> {
        let hint = |facts: &Facts| Hint { shape: facts.shape, identifier: facts.kind().is_some() };
        self.facts.iter().map(hint).collect()
    }

    /// Takes in what a piece says.
    pub fn take(&mut self, parsed: &Parsed) {
        for (mine, piece) in self.facts.iter_mut().zip(&parsed.facts) {
            mine.merge(piece);
        }
        self.rows += parsed.batch.num_rows() as u64;
        for refusal in &parsed.refusals {
            match self.refused.iter_mut().find(|(reason, _)| *reason == refusal.reason) {
                Some((_, count)) => *count += 1,
                None => self.refused.push((refusal.reason, 1)),
            }
        }
        self.pieces.push((parsed.index, parsed.types.clone()));
    }

    /// The pieces whose types are narrower than those of the whole, in order; each is to be parsed again with the
    /// hints as they are now, and [`Load::retake`]n.
    pub fn stale(&self) -> Vec<u64> {
        let types = self.types();
        let mut stale: Vec<u64> =
            self.pieces.iter().filter(|(_, given)| *given != types).map(|(index, _)| *index).collect();
        stale.sort_unstable();
        stale
    }

    /// Takes in a piece that was parsed again; its rows are counted already.
    pub fn retake(&mut self, parsed: &Parsed) {
        for (mine, piece) in self.facts.iter_mut().zip(&parsed.facts) {
            mine.merge_extremes(piece);
        }
        if let Some((_, types)) = self.pieces.iter_mut().find(|(index, _)| *index == parsed.index) {
            types.clone_from(&parsed.types);
        }
        self.again += 1;
    }

    /// The end of the load.
    pub fn finish(self) -> Outcome {
        let types = self.types();
        let columns = self.facts.iter().zip(types).enumerate().map(|(place, (facts, type_))| {
            let header = self.plan.headers[place].clone();
            let personal = facts.names_persons() || is_personal_header(&header);
            let profile = Profile::of(facts, type_, personal);
            Column { name: self.plan.names[place].clone(), header, type_, kind: facts.kind(), personal, profile }
        });
        Outcome {
            columns: columns.collect(),
            rows: self.rows,
            refused: self.refused,
            pieces: self.pieces.len() as u64,
            again: self.again,
            plan: self.plan,
        }
    }

    fn types(&self) -> Vec<Type> {
        self.hints().iter().map(|hint| hint.encode_as().unwrap_or(Type::Text)).collect()
    }
}
