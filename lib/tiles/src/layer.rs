//! Vector tiles as bytes: the Mapbox Vector Tile specification 2.1 (its protobuf message `vector_tile.Tile`), written
//! by hand because it is five messages of plain fields. Reads none.

use std::collections::HashMap;

use crate::{Drawn, EXTENT};

/// Kinds of field on the wire.
const VARINT: u64 = 0;
const FIXED64: u64 = 1;
const BYTES: u64 = 2;

/// Commands of a geometry (section 4.3.1).
const MOVE_TO: u32 = 1;
const LINE_TO: u32 = 2;
const CLOSE_PATH: u32 = 7;

/// One named layer of a tile.
#[derive(Debug, Clone, Default)]
pub struct Layer {
    name: &'static str,
    features: Vec<Vec<u8>>,
    keys: Vec<String>,
    key_places: HashMap<String, u64>,
    values: Vec<Vec<u8>>,
    value_places: HashMap<Vec<u8>, u64>,
}

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Text.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A binary fraction.
    Float(f64),
    /// Yes or no.
    Bool(bool),
}

/// The kinds of geometry a feature has one of.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Points = 1,
    Lines = 2,
    Areas = 3,
}

/// A tile of these layers; no bytes at all when none has anything.
pub fn encode(layers: &[Layer]) -> Vec<u8> {
    let mut out = Vec::new();
    for layer in layers.iter().filter(|layer| !layer.features.is_empty()) {
        bytes(&mut out, 3, &layer.message());
    }
    out
}

impl Layer {
    /// An empty layer.
    pub fn new(name: &'static str) -> Layer {
        Layer { name, ..Layer::default() }
    }

    /// Features in it.
    pub fn len(&self) -> usize {
        self.features.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.features.is_empty()
    }

    /// Adds what is drawn with its attributes: a feature for each kind of geometry it has.
    pub fn add(&mut self, drawn: &Drawn, attributes: &[(&str, Value)]) {
        let geometries = [
            (Kind::Points, points(&drawn.points)),
            (Kind::Lines, lines(&drawn.lines)),
            (Kind::Areas, areas(&drawn.areas)),
        ];
        for (kind, geometry) in geometries.into_iter().filter(|(_, geometry)| !geometry.is_empty()) {
            let mut tags = Vec::with_capacity(2 * attributes.len());
            for (key, value) in attributes {
                let key = self.key(key);
                let value = self.value(value);
                varint(&mut tags, key);
                varint(&mut tags, value);
            }
            let mut feature = Vec::new();
            bytes(&mut feature, 2, &tags);
            number(&mut feature, 3, kind as u64);
            bytes(&mut feature, 4, &geometry);
            self.features.push(feature);
        }
    }

    fn key(&mut self, key: &str) -> u64 {
        if let Some(place) = self.key_places.get(key) {
            return *place;
        }
        let place = self.keys.len() as u64;
        self.keys.push(key.to_owned());
        self.key_places.insert(key.to_owned(), place);
        place
    }

    fn value(&mut self, value: &Value) -> u64 {
        let message = value.message();
        if let Some(place) = self.value_places.get(&message) {
            return *place;
        }
        let place = self.values.len() as u64;
        self.values.push(message.clone());
        self.value_places.insert(message, place);
        place
    }

    fn message(&self) -> Vec<u8> {
        let mut out = Vec::new();
        number(&mut out, 15, 2);
        bytes(&mut out, 1, self.name.as_bytes());
        self.features.iter().for_each(|feature| bytes(&mut out, 2, feature));
        self.keys.iter().for_each(|key| bytes(&mut out, 3, key.as_bytes()));
        self.values.iter().for_each(|value| bytes(&mut out, 4, value));
        number(&mut out, 5, u64::from(EXTENT));
        out
    }
}

impl Value {
    fn message(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Value::Text(text) => bytes(&mut out, 1, text.as_bytes()),
            Value::Float(value) => {
                varint(&mut out, 3 << 3 | FIXED64);
                out.extend_from_slice(&value.to_le_bytes());
            }
            Value::Int(value) => number(&mut out, 6, zigzag(*value)),
            Value::Bool(value) => number(&mut out, 7, u64::from(*value)),
        }
        out
    }
}

/// A geometry on its way into commands; the cursor goes on from part to part (section 4.3.2).
#[derive(Default)]
struct Pen {
    out: Vec<u8>,
    at: [i32; 2],
}

impl Pen {
    fn command(&mut self, command: u32, count: usize) {
        varint(&mut self.out, u64::from(command) | (count as u64) << 3);
    }

    fn to(&mut self, point: [i32; 2]) {
        for (to, from) in point.into_iter().zip(self.at) {
            varint(&mut self.out, zigzag(i64::from(to) - i64::from(from)));
        }
        self.at = point;
    }

    fn path(&mut self, path: &[[i32; 2]]) {
        let Some((first, rest)) = path.split_first() else { return };
        self.command(MOVE_TO, 1);
        self.to(*first);
        self.command(LINE_TO, rest.len());
        rest.iter().for_each(|point| self.to(*point));
    }
}

fn points(points: &[[i32; 2]]) -> Vec<u8> {
    let mut pen = Pen::default();
    if !points.is_empty() {
        pen.command(MOVE_TO, points.len());
        points.iter().for_each(|point| pen.to(*point));
    }
    pen.out
}

fn lines(lines: &[Vec<[i32; 2]>]) -> Vec<u8> {
    let mut pen = Pen::default();
    lines.iter().for_each(|line| pen.path(line));
    pen.out
}

fn areas(areas: &[Vec<Vec<[i32; 2]>>]) -> Vec<u8> {
    let mut pen = Pen::default();
    for ring in areas.iter().flatten() {
        pen.path(ring);
        pen.command(CLOSE_PATH, 1);
    }
    pen.out
}

fn number(out: &mut Vec<u8>, field: u64, value: u64) {
    varint(out, field << 3 | VARINT);
    varint(out, value);
}

fn bytes(out: &mut Vec<u8>, field: u64, value: &[u8]) {
    varint(out, field << 3 | BYTES);
    varint(out, value.len() as u64);
    out.extend_from_slice(value);
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}
