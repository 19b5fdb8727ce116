//! The lattice of types: what all values seen so far could be, joined in any order to the same end.

use arrow_schema::{DataType, TimeUnit};

use crate::value::{Class, DECIMAL_DIGITS_MAX, FLOAT_DIGITS_MAX};

/// The zone of points in time, as an offset: names of zones need a zone database.
pub(crate) const UTC: &str = "+00:00";

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    /// true or false.
    Bool,
    /// Whole numbers of at most 15 digits, 64 bits.
    Integer,
    /// Exact decimals; precision 18 or 38.
    Decimal {
        /// Digits in all.
        precision: u8,
        /// Digits after the point.
        scale: i8,
    },
    /// Doubles, only where a value is no exact decimal of 38 digits.
    Float,
    /// Days.
    Date,
    /// Day and time of day without zone, microseconds.
    Timestamp,
    /// Points in time given with their offset, microseconds UTC.
    Instant,
    /// Text.
    Text,
}

impl Type {
    /// The word in reports and in the catalogue; decimals as `decimal(18,2)`.
    pub fn word(self) -> String {
        match self {
            Type::Bool => "bool".to_owned(),
            Type::Integer => "integer".to_owned(),
            Type::Decimal { precision, scale } => format!("decimal({precision},{scale})"),
            Type::Float => "float".to_owned(),
            Type::Date => "date".to_owned(),
            Type::Timestamp => "timestamp".to_owned(),
            Type::Instant => "instant".to_owned(),
            Type::Text => "text".to_owned(),
        }
    }

    /// How Arrow holds it.
    pub fn arrow(self) -> DataType {
        match self {
            Type::Bool => DataType::Boolean,
            Type::Integer => DataType::Int64,
            Type::Decimal { precision, scale } => DataType::Decimal128(precision, scale),
            Type::Float => DataType::Float64,
            Type::Date => DataType::Date32,
            Type::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            Type::Instant => DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())),
            Type::Text => DataType::Utf8,
        }
    }
}

const BOOL: u8 = 1;
const INTEGER: u8 = 2;
const DECIMAL: u8 = 4;
const FLOAT: u8 = 8;
const DATE: u8 = 16;
const TIMESTAMP: u8 = 32;
const INSTANT: u8 = 64;
const TEXT: u8 = 128;

/// What the values of a column have in common. Joining is associative, commutative and idempotent, so the type of a
/// column depends on its values alone, not on their order or on how the file was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shape {
    seen: u8,
    integer_digits: u32,
    scale: u32,
    significant: u32,
}

impl Shape {
    /// The shape of a column of this type, for readers that know it.
    pub fn of(given: Type) -> Shape {
        let seen = match given {
            Type::Bool => BOOL,
            Type::Integer => INTEGER,
            Type::Decimal { .. } => DECIMAL,
            Type::Float => FLOAT,
            Type::Date => DATE,
            Type::Timestamp => TIMESTAMP,
            Type::Instant => INSTANT,
            Type::Text => TEXT,
        };
        let scale = if let Type::Decimal { scale, .. } = given { scale.max(0) as u32 } else { 0 };
        Shape { seen, scale, ..Shape::default() }
    }

    /// The narrowest type that holds all values; none if there was no value.
    pub fn narrowest(&self) -> Option<Type> {
        let exact = self.integer_digits.max(1) + self.scale;
        Some(match self.seen {
            0 => return None,
            BOOL => Type::Bool,
            INTEGER => Type::Integer,
            seen if seen & !(INTEGER | DECIMAL) == 0 && exact <= DECIMAL_DIGITS_MAX => {
                let precision = if exact <= 18 { 18 } else { DECIMAL_DIGITS_MAX as u8 };
                Type::Decimal { precision, scale: self.scale as i8 }
            }
            seen if seen & !(INTEGER | DECIMAL | FLOAT) == 0 && self.significant <= FLOAT_DIGITS_MAX => Type::Float,
            DATE => Type::Date,
            seen if seen & !(DATE | TIMESTAMP) == 0 => Type::Timestamp,
            INSTANT => Type::Instant,
            _ => Type::Text,
        })
    }

    /// Both.
    #[must_use]
    pub fn join(self, other: Shape) -> Shape {
        Shape {
            seen: self.seen | other.seen,
            integer_digits: self.integer_digits.max(other.integer_digits),
            scale: self.scale.max(other.scale),
            significant: self.significant.max(other.significant),
        }
    }

    /// Takes one value in.
    #[inline]
    pub(crate) fn see(&mut self, class: &Class) {
        match class {
            Class::Blank => {}
            Class::Bool(_) => self.seen |= BOOL,
            Class::Integer(value) => self.see_integers(*value, *value),
            Class::Decimal(number) => self.see_decimals(number.integer_digits, number.scale, number.significant),
            Class::Float(_, significant) => {
                self.seen |= FLOAT;
                self.significant = self.significant.max(*significant);
            }
            Class::Date(_) => self.seen |= DATE,
            Class::Timestamp(_) => self.seen |= TIMESTAMP,
            Class::Instant(_) => self.seen |= INSTANT,
            Class::Text => self.seen |= TEXT,
        }
    }

    /// Takes whole numbers in, by the least and the greatest of them.
    pub(crate) fn see_integers(&mut self, least: i64, greatest: i64) {
        let digits = least.unsigned_abs().max(greatest.unsigned_abs()).checked_ilog10().unwrap_or(0) + 1;
        self.seen |= INTEGER;
        self.integer_digits = self.integer_digits.max(digits);
        self.significant = self.significant.max(digits);
    }

    #[inline]
    pub(crate) fn see_decimals(&mut self, integer_digits: u32, scale: u32, significant: u32) {
        self.seen |= DECIMAL;
        self.integer_digits = self.integer_digits.max(integer_digits);
        self.scale = self.scale.max(scale);
        self.significant = self.significant.max(significant);
    }
}

/// What the next chunk is told about a column: the shape so far, and whether its values name something, so that it
/// stays text whatever its digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hint {
    /// What all chunks so far have in common.
    pub shape: Shape,
    /// An identifier's column.
    pub identifier: bool,
}

impl Hint {
    /// The type to begin with; text where nothing is known, since an empty column is one of texts.
    pub fn encode_as(&self) -> Option<Type> {
        if self.identifier { Some(Type::Text) } else { self.shape.narrowest() }
    }
}
