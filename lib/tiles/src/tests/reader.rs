//! Reads a vector tile back, by the specification and not by the writer. Panics on anything the specification forbids.

/// A layer as it was read.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) name: String,
    pub(crate) features: Vec<Feature>,
}

/// A feature as it was read: kind 1 points, 2 lines, 3 areas; one list per line or ring.
#[derive(Debug)]
pub(crate) struct Feature {
    pub(crate) kind: u64,
    pub(crate) parts: Vec<Vec<[i64; 2]>>,
    pub(crate) attributes: Vec<(String, String)>,
}

enum Field<'b> {
    Number(u64),
    Fixed(f64),
    Bytes(&'b [u8]),
}

/// The layers of a tile.
pub(crate) fn read(tile: &[u8]) -> Vec<Layer> {
    fields(tile)
        .iter()
        .map(|(number, field)| (*number, layer(bytes(field))))
        .map(|(number, layer)| {
            assert_eq!(number, 3, "a tile holds layers alone");
            layer
        })
        .collect()
}

fn layer(message: &[u8]) -> Layer {
    let fields = fields(message);
    let of = |wanted: u64| fields.iter().filter(move |(number, _)| *number == wanted).map(|(_, field)| field);
    assert_eq!(of(15).map(number).collect::<Vec<_>>(), [2], "the version");
    assert_eq!(of(5).map(number).collect::<Vec<_>>(), [4096], "the extent");
    let keys: Vec<String> = of(3).map(|key| text(bytes(key))).collect();
    let values: Vec<String> = of(4).map(|value| self::value(bytes(value))).collect();
    let name = of(1).map(|name| text(bytes(name))).collect::<String>();
    Layer { name, features: of(2).map(|part| feature(bytes(part), &keys, &values)).collect() }
}

fn feature(message: &[u8], keys: &[String], values: &[String]) -> Feature {
    let mut read = Feature { kind: 0, parts: Vec::new(), attributes: Vec::new() };
    for (number, field) in fields(message) {
        match (number, &field) {
            (2, Field::Bytes(tags)) => {
                let tags = numbers(tags);
                assert!(tags.len().is_multiple_of(2), "tags come in pairs");
                let pair = |pair: &[u64]| (keys[pair[0] as usize].clone(), values[pair[1] as usize].clone());
                read.attributes = tags.chunks(2).map(pair).collect();
            }
            (3, Field::Number(kind)) => read.kind = *kind,
            (4, Field::Bytes(geometry)) => read.parts = parts(&numbers(geometry)),
            _ => panic!("a feature has no field {number}"),
        }
    }
    read
}

fn parts(commands: &[u64]) -> Vec<Vec<[i64; 2]>> {
    let (mut parts, mut at, mut place): (Vec<Vec<[i64; 2]>>, [i64; 2], usize) = (Vec::new(), [0, 0], 0);
    while place < commands.len() {
        let (command, count) = (commands[place] & 7, commands[place] >> 3);
        place += 1;
        assert!(count > 0, "a command is done at least once");
        if command == 7 {
            assert_eq!(count, 1);
            assert!(parts.last().is_some_and(|ring| ring.len() > 2), "a ring has three points");
            continue;
        }
        for _ in 0..count {
            at = [0, 1].map(|axis| at[axis] + zigzag(commands[place + axis]));
            place += 2;
            match command {
                1 => parts.push(vec![at]),
                2 => parts.last_mut().expect("a line begins somewhere").push(at),
                other => panic!("there is no command {other}"),
            }
        }
    }
    parts
}

fn value(message: &[u8]) -> String {
    let fields = fields(message);
    assert_eq!(fields.len(), 1, "a value has one field");
    match &fields[0] {
        (1, Field::Bytes(bytes)) => text(bytes),
        (3, Field::Fixed(value)) => value.to_string(),
        (6, Field::Number(value)) => zigzag(*value).to_string(),
        (7, Field::Number(value)) => (*value == 1).to_string(),
        (other, _) => panic!("no value is written as field {other}"),
    }
}

fn fields(mut message: &[u8]) -> Vec<(u64, Field<'_>)> {
    let mut fields = Vec::new();
    while !message.is_empty() {
        let key = varint(&mut message);
        let field = match key & 7 {
            0 => Field::Number(varint(&mut message)),
            1 => {
                let (head, rest) = message.split_at(8);
                message = rest;
                Field::Fixed(f64::from_le_bytes(head.try_into().expect("eight bytes")))
            }
            2 => {
                let length = varint(&mut message) as usize;
                let (head, rest) = message.split_at(length);
                message = rest;
                Field::Bytes(head)
            }
            other => panic!("no field is of wire type {other}"),
        };
        fields.push((key >> 3, field));
    }
    fields
}

fn varint(message: &mut &[u8]) -> u64 {
    let mut value = 0;
    for place in 0.. {
        let (byte, rest) = message.split_first().expect("a number ends");
        *message = rest;
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            break;
        }
    }
    value
}

fn numbers(mut packed: &[u8]) -> Vec<u64> {
    let mut numbers = Vec::new();
    while !packed.is_empty() {
        numbers.push(varint(&mut packed));
    }
    numbers
}

fn number(field: &Field<'_>) -> u64 {
    if let Field::Number(value) = field { *value } else { panic!("a number stands here") }
}

fn bytes<'b>(field: &Field<'b>) -> &'b [u8] {
    if let Field::Bytes(bytes) = field { bytes } else { panic!("bytes stand here") }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

fn zigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}
