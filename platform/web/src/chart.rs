//! Charts drawn by the server as SVG, each with its table beside it. Bars for kinds, a line for a course. No script,
//! no inline style: colours come from the style sheet by class.

use askama::Template;
use yiwang_kernel::{Error, Result};

use crate::{Markup, View};

/// Points drawn at most; more belong in a list.
pub const POINTS_MAX: usize = 200;

/// A chart under construction.
#[derive(Debug, Clone)]
pub struct Chart {
    title: String,
    label_title: String,
    value_title: String,
    kind: Kind,
    points: Vec<(String, f64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bar,
    Line,
}

#[derive(Template)]
#[template(path = "chart.html")]
struct ChartBody<'a> {
    view: &'a View,
    chart: &'a Chart,
    id: String,
    width: f64,
    height: f64,
    bars: Vec<Bar>,
    dots: Vec<Dot>,
    path: String,
    rows: Vec<(String, String)>,
    marks: Vec<Mark>,
}

struct Bar {
    y: f64,
    length: f64,
    label: String,
    value: String,
}

struct Dot {
    x: f64,
    y: f64,
    words: String,
}

struct Mark {
    x: f64,
    y: f64,
    words: String,
    anchor: &'static str,
}

const WIDTH: f64 = 640.0;
const BAR_ROW_HEIGHT: f64 = 44.0;
const BAR_TOP: f64 = 22.0;
const LINE_HEIGHT: f64 = 240.0;
const MARGIN: f64 = 36.0;
const LABEL_CHARS_MAX: usize = 24;

impl Chart {
    /// Bars, one per kind; `label_title` and `value_title` head the table beside it.
    pub fn bars(
        title: impl Into<String>,
        label_title: impl Into<String>,
        value_title: impl Into<String>,
        points: Vec<(String, f64)>,
    ) -> Chart {
        let (title, label_title, value_title) = (title.into(), label_title.into(), value_title.into());
        Chart { title, label_title, value_title, kind: Kind::Bar, points }
    }

    /// A line through the points, in their order.
    pub fn line(
        title: impl Into<String>,
        label_title: impl Into<String>,
        value_title: impl Into<String>,
        points: Vec<(String, f64)>,
    ) -> Chart {
        Chart { kind: Kind::Line, ..Chart::bars(title, label_title, value_title, points) }
    }

    /// The chart and its table for this reader.
    pub fn render(&self, view: &View) -> Result<Markup> {
        if self.points.len() > POINTS_MAX {
            return Err(Error::broken(format!("the chart {} has too many points", self.title)));
        }
        let rows = self.points.iter().map(|(label, value)| (label.clone(), number(view, *value))).collect();
        let id = format!("chart-{}", hash(&self.title));
        let body = match self.kind {
            Kind::Bar => self.bar_body(view, id, rows),
            Kind::Line => self.line_body(view, id, rows),
        };
        let html = body.render().map_err(|source| Error::internal("a chart did not render", source))?;
        Ok(Markup::trusted(html))
    }

    fn bar_body<'a>(&'a self, view: &'a View, id: String, rows: Vec<(String, String)>) -> ChartBody<'a> {
        let largest = self.points.iter().map(|(_, value)| value.abs()).fold(0.0, f64::max);
        let scale = if largest > 0.0 { WIDTH / largest } else { 0.0 };
        let bar = |(position, (label, value)): (usize, &(String, f64))| Bar {
            y: position as f64 * BAR_ROW_HEIGHT,
            length: (value.abs() * scale).max(1.0).round(),
            label: short(label),
            value: number(view, *value),
        };
        let height = self.points.len() as f64 * BAR_ROW_HEIGHT;
        ChartBody {
            view,
            chart: self,
            id,
            width: WIDTH,
            height,
            bars: self.points.iter().enumerate().map(bar).collect(),
            dots: Vec::new(),
            path: String::new(),
            rows,
            marks: Vec::new(),
        }
    }

    fn line_body<'a>(&'a self, view: &'a View, id: String, rows: Vec<(String, String)>) -> ChartBody<'a> {
        let values = || self.points.iter().map(|(_, value)| *value);
        let (low, high) = (values().fold(0.0, f64::min), values().fold(0.0, f64::max));
        let span = if high > low { high - low } else { 1.0 };
        let step = (WIDTH - 2.0 * MARGIN) / (self.points.len().max(2) - 1) as f64;
        let x = |position: usize| (MARGIN + position as f64 * step).round();
        let y = |value: f64| (LINE_HEIGHT - MARGIN - (value - low) / span * (LINE_HEIGHT - 2.0 * MARGIN)).round();
        let dots: Vec<Dot> = self
            .points
            .iter()
            .enumerate()
            .map(|(at, (label, value))| Dot {
                x: x(at),
                y: y(*value),
                words: format!("{label}: {}", number(view, *value)),
            })
            .collect();
        let path = dots.iter().map(|dot| format!("{},{}", dot.x, dot.y)).collect::<Vec<_>>().join(" ");
        let mark = |x: f64, y: f64, words: String, anchor: &'static str| Mark { x, y, words, anchor };
        let mut marks = vec![mark(MARGIN, MARGIN - 12.0, number(view, high), "start")];
        if let Some((label, _)) = self.points.first() {
            marks.push(mark(MARGIN, LINE_HEIGHT - 10.0, short(label), "start"));
        }
        if let Some((label, _)) = self.points.last().filter(|_| self.points.len() > 1) {
            marks.push(mark(WIDTH - MARGIN, LINE_HEIGHT - 10.0, short(label), "end"));
        }
        let (width, height) = (WIDTH, LINE_HEIGHT);
        ChartBody { view, chart: self, id, width, height, bars: Vec::new(), dots, path, rows, marks }
    }
}

fn number(view: &View, value: f64) -> String {
    if value.fract() == 0.0 { view.n(format!("{value:.0}")) } else { view.n(format!("{value:.2}")) }
}

fn short(label: &str) -> String {
    if label.chars().count() <= LABEL_CHARS_MAX {
        return label.to_owned();
    }
    let kept: String = label.chars().take(LABEL_CHARS_MAX - 1).collect();
    format!("{kept}…")
}

/// FNV-1a, to make an element id of a title.
fn hash(text: &str) -> String {
    let mixed = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("{mixed:08x}")
}
