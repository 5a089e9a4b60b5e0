//! In whose line a place is.

#![allow(clippy::indexing_slicing, reason = "places and groups are numbered by what made the columns")]

use crate::heap::holding::{Dominance, Groups, Held, Shortest};

/// What is in no line of a holder's.
pub(super) const NONE: u32 = u32::MAX;
/// Things that hold one another in a chain.
const MAX_SHARING: usize = 20;

/// By place.
#[derive(Debug)]
pub(super) struct Owners {
    /// The place in whose line it is, or [`NONE`].
    pub(super) of: Vec<u32>,
    /// Whether it begins what is in a line.
    pub(super) accumulates: Vec<bool>,
}

/// By place: the place that accumulates in whose line it is, or [`NONE`]: the nearest at or above it; of the holder, and its parts, the
/// first that it holds; of what several things hold, that of one of those, if it is in a line.
pub(super) fn owners(shortest: &Shortest, dominance: &Dominance, groups: &Groups) -> Owners {
    let places = &dominance.places;
    let mut owners = vec![NONE; places.len()];
    let mut holding = vec![NONE; places.len()];
    for number in places.numbers() {
        let above = owners[places.at(number).parent as usize];
        // What is like that in which it is belongs to it: trees. Nodes of other classes are held in the same way.
        let alike = above != NONE
            && (places.at(above).class.text == places.at(number).class.text
                || way(dominance, above) == way(dominance, number));
        if alike || !groups.accumulates[number as usize] {
            owners[number as usize] = above;
            continue;
        }
        owners[number as usize] = number;
        for above in places.above(number) {
            if holding[above as usize] == NONE {
                holding[above as usize] = number;
            }
            if !places.at(above).class.internal {
                break;
            }
        }
    }
    let accumulates = (0..).zip(&owners).map(|(number, owner)| *owner == number).collect();
    for (owner, held) in owners.iter_mut().zip(holding) {
        if *owner == NONE {
            *owner = held;
        }
    }
    let owners = owners
        .iter()
        .map(|owner| if *owner == NONE { NONE } else { shared(shortest, dominance, &owners, *owner) })
        .collect();
    Owners { of: owners, accumulates }
}

/// The class of the nearest thing above that says something, and the references from that down to a place.
fn way(dominance: &Dominance, place: u32) -> (Option<u32>, Vec<Held>) {
    let places = &dominance.places;
    let mut references = vec![places.at(place).held];
    for above in places.above(place) {
        if places.at(above).class.telling {
            return (Some(places.at(above).class.text), references);
        }
        references.push(places.at(above).held);
    }
    (None, references)
}

/// Of what several things hold: the place in whose line one of those is, if there is one; and so on from that.
fn shared(shortest: &Shortest, dominance: &Dominance, owners: &[u32], owner: u32) -> u32 {
    let mut seen = vec![owner];
    let mut at = owner;
    while seen.len() <= MAX_SHARING {
        let others = dominance.via.get(&at).into_iter().flatten().map(|via| owners[*via as usize]);
        let Some(next) = others.into_iter().find(|next| *next != NONE && *next != at) else { break };
        if let Some(circle) = seen.iter().position(|known| *known == next) {
            // They hold one another: all are in the line of the one that is nearest to a root.
            let depth = |place: u32| shortest.places.depth(dominance.shortest[place as usize]);
            return seen.split_off(circle).into_iter().min_by_key(|place| (depth(*place), *place)).unwrap_or(next);
        }
        seen.push(next);
        at = next;
    }
    at
}
