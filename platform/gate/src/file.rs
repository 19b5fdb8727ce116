//! Tables as whole files in the engine's own format (Parquet): as they come in before they are loaded, and as rows
//! leave once they were granted. Says what such a file is; reads and writes none.

use std::collections::BTreeSet;

use arrow_schema::SchemaRef;

use crate::RowStream;

/// The metadata of a [`Decoded`] column that says why it has its type: a message code.
pub const WHY: &str = "why";

/// An uploaded file, opened. Its rows are not city data yet: who sent it reads it, and a load takes it in.
pub struct Decoded {
    /// Its columns: truth values, whole numbers, doubles, decimals, days, times without zone, text. Anything else
    /// stands as text, and the column's metadata says why under [`WHY`].
    pub schema: SchemaRef,
    /// Its rows.
    pub rows: RowStream,
}

/// A file to be written of rows that were granted.
#[derive(Debug, Clone)]
pub struct TableFile {
    /// The columns of the rows.
    pub schema: SchemaRef,
    /// What the columns are called in the file, in the same order, each once.
    pub headers: Vec<String>,
    /// The columns, by name, of which the file holds no least and no greatest value.
    pub quiet: Vec<String>,
}

impl TableFile {
    /// A file of these columns under their own names.
    pub fn named(schema: SchemaRef) -> TableFile {
        let headers = schema.fields().iter().map(|field| field.name().clone()).collect();
        TableFile { schema, headers, quiet: Vec::new() }
    }

    /// The same headed by these titles; a column whose title is empty or another's keeps its name.
    #[must_use]
    pub fn titled(mut self, titles: &[String]) -> TableFile {
        let mut taken: BTreeSet<String> = self.headers.iter().cloned().collect();
        for (header, title) in self.headers.iter_mut().zip(titles) {
            if !title.is_empty() && taken.insert(title.clone()) {
                header.clone_from(title);
            }
        }
        self
    }
}
