//! 挂接率 per department against the city's targets. Counts entries; looks at no row.

use yiwang_host::Platform;
use yiwang_kernel::{Error, Result};

use crate::model::Integrated;
use crate::store;

/// The settings that hold the targets, in percent.
pub(crate) const TARGETS: [&str; 2] = ["catalogue.centre_percent", "catalogue.integrated_percent"];
const PERCENT_MAX: u64 = 100;

/// Every department with published entries, by code, with its share; and the whole city.
pub async fn integration(platform: &Platform) -> Result<(Vec<(String, Integrated)>, Integrated)> {
    let rows = store::integration(&platform.db).await?;
    let city = rows.iter().fold(Integrated::default(), |sum, (_, share)| sum + *share);
    Ok((rows, city))
}

/// The targets in percent: the share of data in the centre, and the share a department is to reach.
pub fn targets(platform: &Platform) -> Result<[u64; 2]> {
    let mut targets = [0; 2];
    for (target, name) in targets.iter_mut().zip(TARGETS) {
        let percent = u64::try_from(platform.settings.number(name)?).ok().filter(|percent| *percent <= PERCENT_MAX);
        *target = percent.ok_or_else(|| Error::broken(format!("the setting {name} is no percentage")))?;
    }
    Ok(targets)
}

/// Refuses what is no percentage.
pub(crate) fn not_a_percentage(value: &str) -> Option<&'static str> {
    let fits = value.trim().parse::<u64>().is_ok_and(|percent| percent <= PERCENT_MAX);
    (!fits).then_some("catalogue-percent")
}
