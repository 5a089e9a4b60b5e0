//! Growth by constructor: counts and sizes of classes, as DevTools' comparison has them.

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::identity::Change;
use super::sums::{Amount, Sums};
use crate::heap::answers::lines::{delta, rose};
use crate::heap::holding::Texts;

/// Objects of one class.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClassGrowth {
    /// The constructor's name; classes of the same name are one here.
    pub name: String,
    /// How many, by snapshot.
    pub counts: Vec<u64>,
    /// Bytes of the objects themselves, by snapshot.
    pub shallow: Vec<u64>,
    /// Bytes that they retain, by snapshot.
    pub retained: Vec<u64>,
    /// The last less the first.
    pub count_delta: i64,
    /// The last less the first.
    pub shallow_delta: i64,
    /// The last less the first.
    pub retained_delta: i64,
    /// Objects that only the last has; where ids correspond.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub added: Option<u64>,
    /// Objects that only the first has; where ids correspond.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed: Option<u64>,
    /// Whether count or retained size rose from every snapshot to the next.
    pub grew_every_time: bool,
}

/// The classes that changed, at most `top`; and how many there are.
pub(super) fn classes(
    names: &Texts,
    snapshots: &[Sums],
    changes: Option<&FxHashMap<u32, Change>>,
    top: usize,
) -> (Vec<ClassGrowth>, usize) {
    let mut classes: Vec<ClassGrowth> = Vec::new();
    for name in 0..u32::try_from(names.len()).unwrap_or(u32::MAX) {
        let of = |which: fn(&Amount) -> u64| -> Vec<u64> {
            snapshots.iter().map(|sums| sums.classes.get(&name).map_or(0, which)).collect()
        };
        let counts = of(|amount| amount.count);
        let shallow = of(|amount| amount.shallow);
        let retained = of(|amount| amount.retained);
        let change = changes.map(|changes| changes.get(&name).copied().unwrap_or_default());
        let growth = ClassGrowth {
            name: names.get(name).to_owned(),
            count_delta: delta(&counts),
            shallow_delta: delta(&shallow),
            retained_delta: delta(&retained),
            added: change.map(|change| change.added),
            removed: change.map(|change| change.removed),
            grew_every_time: rose(&counts) || rose(&retained),
            counts,
            shallow,
            retained,
        };
        if growth.count_delta != 0 || growth.shallow_delta != 0 || growth.retained_delta != 0 {
            classes.push(growth);
        }
    }
    let steady = snapshots.len() > 2;
    classes.sort_by(|a, b| {
        let key = |class: &ClassGrowth| {
            (steady && class.grew_every_time, class.retained_delta.max(class.shallow_delta), class.count_delta)
        };
        key(b).cmp(&key(a)).then_with(|| a.name.cmp(&b.name))
    });
    let count = classes.len();
    classes.truncate(top);
    (classes, count)
}
