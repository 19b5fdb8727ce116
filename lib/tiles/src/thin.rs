//! Takes away the points of a line that nobody would miss: Douglas and Peucker, 1973.

/// The points that stay when a line may be off by `tolerance`; its ends always do.
pub(crate) fn thin(line: &[[f64; 2]], tolerance: f64) -> Vec<[f64; 2]> {
    if line.len() < 3 {
        return line.to_vec();
    }
    let mut kept = vec![false; line.len()];
    let last = line.len() - 1;
    (kept[0], kept[last]) = (true, true);
    let mut open = vec![(0, last)];
    while let Some((first, last)) = open.pop() {
        let between = first + 1..last;
        let off = between.map(|at| (at, distance(line[at], line[first], line[last])));
        let farthest = off.fold((0, 0.0), |far, next| if next.1 > far.1 { next } else { far });
        if farthest.1 > tolerance {
            kept[farthest.0] = true;
            open.push((first, farthest.0));
            open.push((farthest.0, last));
        }
    }
    line.iter().zip(kept).filter(|(_, kept)| *kept).map(|(point, _)| *point).collect()
}

/// How far a point is from the stretch between two others.
fn distance(point: [f64; 2], from: [f64; 2], to: [f64; 2]) -> f64 {
    let (along, across) = (to[0] - from[0], to[1] - from[1]);
    let length = along * along + across * across;
    let (x, y) = (point[0] - from[0], point[1] - from[1]);
    let share = if length > 0.0 { ((x * along + y * across) / length).clamp(0.0, 1.0) } else { 0.0 };
    (x - share * along).hypot(y - share * across)
}
