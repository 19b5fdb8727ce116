//! Counts points into the cells of a frame: what is shown where there are too many to show each. Holds a number per
//! cell, never a point.

use std::collections::BTreeMap;

use crate::{Frame, Point};

/// Counts by cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    frame: Frame,
    side: f64,
    cells: BTreeMap<(i32, i32), Cell>,
}

/// The points of one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heap {
    /// The middle of its points.
    pub at: [i32; 2],
    /// How many there are.
    pub count: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Cell {
    count: u64,
    sum: [f64; 2],
}

impl Grid {
    /// A grid over a frame, its cells so many units wide.
    pub fn new(frame: Frame, side: f64) -> Grid {
        Grid { frame, side, cells: BTreeMap::new() }
    }

    /// Counts a point; one outside the frame counts in the nearest cell of its edge.
    pub fn add(&mut self, point: Point) {
        let (at, size) = (self.frame.at(point), self.frame.size());
        let cell = [0, 1].map(|axis| {
            let last = (size[axis] / self.side).ceil() - 1.0;
            (at[axis] / self.side).floor().clamp(0.0, last.max(0.0)) as i32
        });
        let cell = self.cells.entry((cell[0], cell[1])).or_default();
        cell.count += 1;
        (cell.sum[0], cell.sum[1]) = (cell.sum[0] + at[0], cell.sum[1] + at[1]);
    }

    /// What lies in each cell that has something, column by column.
    pub fn heaps(&self) -> impl Iterator<Item = Heap> {
        self.cells.values().map(|cell| {
            let at = cell.sum.map(|sum| (sum / cell.count as f64).round() as i32);
            Heap { at, count: cell.count }
        })
    }
}
