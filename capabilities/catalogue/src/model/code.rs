//! Catalogue codes in this product: the compiling guide's code with `-` where it writes `/`, so that the same text
//! stands in addresses, on the command line and in tables. Both ways of writing are understood.

use std::fmt;
use std::str::FromStr;

use yiwang_codes::catalogue;
use yiwang_kernel::{Error, Result};

/// A catalogue code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code(catalogue::Code);

impl Code {
    /// The `number`th resource of a classification (`306001`).
    pub fn of(classification: &str, number: u64) -> Result<Code> {
        format!("{classification}/{number:06}").parse()
    }

    /// The part before the sequence number.
    pub fn classification(&self) -> String {
        self.0.classification()
    }

    /// The sequence number, if it fits.
    pub fn sequence(&self) -> Option<i64> {
        self.0.sequence.parse().ok()
    }
}

impl fmt::Display for Code {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.to_string().replacen('/', "-", 1))
    }
}

impl FromStr for Code {
    type Err = Error;

    fn from_str(text: &str) -> Result<Code> {
        let formal = text.trim().replacen('-', "/", 1);
        let code = formal.parse().map_err(|_| Error::invalid("code", "catalogue-code-format").with("given", text))?;
        Ok(Code(code))
    }
}

/// The classification under which a department's own resources are drafted: class 3, then the last five digits of the
/// department's code.
pub(crate) fn drafted_classification(department: &str) -> String {
    let digits: Vec<char> = department.chars().filter(char::is_ascii_digit).collect();
    let last: String = digits.iter().skip(digits.len().saturating_sub(5)).collect();
    format!("3{last:0>5}")
}
