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
    rows: Vec<(String, String)>,
    bars: Vec<Bar>,
    dots: Vec<Dot>,
    path: String,
    axis: f64,
    highest: String,
    first: String,
    last: String,
}

struct Bar {
    length: f64,
    label: String,
    value: String,
}

struct Dot {
    x: f64,
    y: f64,
    words: String,
}

const WIDTH: f64 = 640.0;
const LINE_HEIGHT: f64 = 220.0;
const MARGIN: f64 = 10.0;

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
        let body = match self.kind {
            Kind::Bar => ChartBody { bars: self.bar_marks(view), ..self.body(view) },
            Kind::Line => self.line_body(view),
        };
        let html = body.render().map_err(|source| Error::internal("a chart did not render", source))?;
        Ok(Markup::trusted(html))
    }

    fn body<'a>(&'a self, view: &'a View) -> ChartBody<'a> {
        ChartBody {
            view,
            chart: self,
            id: format!("chart-{}", hash(&self.title)),
            rows: self.points.iter().map(|(label, value)| (label.clone(), number(view, *value))).collect(),
            bars: Vec::new(),
            dots: Vec::new(),
            path: String::new(),
            axis: 0.0,
            highest: String::new(),
            first: String::new(),
            last: String::new(),
        }
    }

    fn bar_marks(&self, view: &View) -> Vec<Bar> {
        let largest = self.points.iter().map(|(_, value)| value.abs()).fold(0.0, f64::max);
        let scale = if largest > 0.0 { WIDTH / largest } else { 0.0 };
        let bar = |(label, value): &(String, f64)| Bar {
            length: (value.abs() * scale).max(1.0).round(),
            label: label.clone(),
            value: number(view, *value),
        };
        self.points.iter().map(bar).collect()
    }

    fn line_body<'a>(&'a self, view: &'a View) -> ChartBody<'a> {
        let values = || self.points.iter().map(|(_, value)| *value);
        let (low, high) = (values().fold(0.0, f64::min), values().fold(0.0, f64::max));
        let span = if high > low { high - low } else { 1.0 };
        let step = (WIDTH - 2.0 * MARGIN) / (self.points.len().max(2) - 1) as f64;
        let x = |position: usize| (MARGIN + position as f64 * step).round();
        let y = |value: f64| (LINE_HEIGHT - MARGIN - (value - low) / span * (LINE_HEIGHT - 2.0 * MARGIN)).round();
        let dot = |(at, (label, value)): (usize, &(String, f64))| Dot {
            x: x(at),
            y: y(*value),
            words: format!("{label}: {}", number(view, *value)),
        };
        let dots: Vec<Dot> = self.points.iter().enumerate().map(dot).collect();
        let label = |point: Option<&(String, f64)>| point.map(|(label, _)| label.clone()).unwrap_or_default();
        ChartBody {
            path: dots.iter().map(|dot| format!("{},{}", dot.x, dot.y)).collect::<Vec<_>>().join(" "),
            dots,
            axis: y(0.0),
            highest: number(view, high),
            first: label(self.points.first()),
            last: label(self.points.last().filter(|_| self.points.len() > 1)),
            ..self.body(view)
        }
    }
}

fn number(view: &View, value: f64) -> String {
    if value.fract() == 0.0 { view.n(format!("{value:.0}")) } else { view.n(format!("{value:.2}")) }
}

/// FNV-1a, to make an element id of a title.
fn hash(text: &str) -> String {
    let mixed = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("{mixed:08x}")
}
