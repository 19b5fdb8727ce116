//! Catalogue codes of government information resources, by 政务信息资源目录编制指南(试行) 2017, clause on codes:
//! 类 (1 digit), 项 (2 digits), 目 (3 digits), 细目 (any length), `/`, sequence number (any length).
//! Does not know which classes a city has defined.

use std::fmt;
use std::str::FromStr;

use crate::Fault;

const PART_DIGITS_MAX: usize = 20;

/// 类: what the resource belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// 1, 基础信息资源: persons, legal bodies, space, credit, electronic licences.
    Base,
    /// 2, 主题信息资源: built by several departments around one theme.
    Theme,
    /// 3, 部门信息资源: one department's own.
    Department,
}

/// A catalogue code in its parts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code {
    /// 类.
    pub class: Class,
    /// 项, 0 to 99.
    pub item: u8,
    /// 目, 0 to 999.
    pub heading: u16,
    /// 细目, digits of any length up to 20; may be empty.
    pub detail: String,
    /// Sequence number, digits as written, 1 to 20 of them.
    pub sequence: String,
}

impl Class {
    /// The digit in the code.
    pub fn digit(self) -> char {
        match self {
            Class::Base => '1',
            Class::Theme => '2',
            Class::Department => '3',
        }
    }
}

impl Code {
    /// A code from its parts; the sequence number is written with at least six digits.
    pub fn new(class: Class, item: u8, heading: u16, detail: &str, sequence: u64) -> Result<Code, Fault> {
        let digits = detail.len() <= PART_DIGITS_MAX && detail.bytes().all(|byte| byte.is_ascii_digit());
        if item > 99 || heading > 999 || !digits {
            return Err(Fault::Character);
        }
        Ok(Code { class, item, heading, detail: detail.to_owned(), sequence: format!("{sequence:06}") })
    }

    /// The part before the `/`: the classification alone.
    pub fn classification(&self) -> String {
        format!("{}{:02}{:03}{}", self.class.digit(), self.item, self.heading, self.detail)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.classification(), self.sequence)
    }
}

impl FromStr for Code {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Code, Fault> {
        let (front, sequence) = text.split_once('/').ok_or(Fault::Character)?;
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if !is_digits(front) || !is_digits(sequence) {
            return Err(Fault::Character);
        }
        if !(6..=6 + PART_DIGITS_MAX).contains(&front.len()) || !(1..=PART_DIGITS_MAX).contains(&sequence.len()) {
            return Err(Fault::Length);
        }
        let class = match &front[..1] {
            "1" => Class::Base,
            "2" => Class::Theme,
            "3" => Class::Department,
            _ => return Err(Fault::Character),
        };
        let item = front[1..3].parse().map_err(|_| Fault::Character)?;
        let heading = front[3..6].parse().map_err(|_| Fault::Character)?;
        Ok(Code { class, item, heading, detail: front[6..].to_owned(), sequence: sequence.to_owned() })
    }
}
