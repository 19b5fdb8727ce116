//! Cuts lines and rings at the edges of a window. A line may fall into several; a ring stays one, drawn along the edge
//! where it left (Sutherland and Hodgman, 1974).

/// What is seen: least and greatest x and y.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Window {
    pub(crate) least: [f64; 2],
    pub(crate) greatest: [f64; 2],
}

impl Window {
    /// Whether the point is inside or on the edge.
    pub(crate) fn has(&self, point: [f64; 2]) -> bool {
        (0..2).all(|axis| point[axis] >= self.least[axis] && point[axis] <= self.greatest[axis])
    }
}

/// The pieces of a line inside the window.
pub(crate) fn line(points: &[[f64; 2]], window: &Window) -> Vec<Vec<[f64; 2]>> {
    let mut pieces: Vec<Vec<[f64; 2]>> = Vec::new();
    let mut going_on = false;
    for pair in points.windows(2) {
        let Some((from, to)) = stretch(pair[0], pair[1], window) else {
            going_on = false;
            continue;
        };
        match pieces.last_mut().filter(|_| going_on) {
            Some(piece) => piece.push(to),
            None => pieces.push(vec![from, to]),
        }
        going_on = to == pair[1];
    }
    pieces
}

/// A ring inside the window; empty when none of it is.
pub(crate) fn ring(points: &[[f64; 2]], window: &Window) -> Vec<[f64; 2]> {
    let mut ring = points.to_vec();
    for axis in 0..2 {
        ring = half(&ring, axis, window.least[axis], 1.0);
        ring = half(&ring, axis, window.greatest[axis], -1.0);
    }
    ring
}

/// The part of a ring on one side of an edge: beyond it for sign 1, before it for sign -1.
fn half(ring: &[[f64; 2]], axis: usize, edge: f64, sign: f64) -> Vec<[f64; 2]> {
    let inside = |point: [f64; 2]| (point[axis] - edge) * sign >= 0.0;
    let mut kept = Vec::with_capacity(ring.len());
    for (at, point) in ring.iter().enumerate() {
        let before = ring[(at + ring.len() - 1) % ring.len()];
        if inside(*point) != inside(before) {
            let share = (edge - before[axis]) / (point[axis] - before[axis]);
            let mut crossing = [0, 1].map(|axis| before[axis] + share * (point[axis] - before[axis]));
            crossing[axis] = edge;
            kept.push(crossing);
        }
        if inside(*point) {
            kept.push(*point);
        }
    }
    kept
}

/// The part of a straight stretch inside the window (Liang and Barsky, 1984).
fn stretch(from: [f64; 2], to: [f64; 2], window: &Window) -> Option<([f64; 2], [f64; 2])> {
    let (mut enters, mut leaves) = (0.0_f64, 1.0_f64);
    for axis in 0..2 {
        let along = to[axis] - from[axis];
        let (first, last) = (window.least[axis] - from[axis], window.greatest[axis] - from[axis]);
        if along == 0.0 {
            if first > 0.0 || last < 0.0 {
                return None;
            }
            continue;
        }
        let (first, last) = (first / along, last / along);
        enters = enters.max(first.min(last));
        leaves = leaves.min(first.max(last));
    }
    if enters > leaves {
        return None;
    }
    let at = |share: f64| [0, 1].map(|axis| from[axis] + share * (to[axis] - from[axis]));
    Some((if enters > 0.0 { at(enters) } else { from }, if leaves < 1.0 { at(leaves) } else { to }))
}
