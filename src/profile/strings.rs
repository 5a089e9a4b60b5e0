//! What is there once: texts, and whatever else has a handle.

use std::hash::Hash;
use std::sync::Arc;

use rustc_hash::FxHashMap;

/// Texts, each once. The first is empty.
#[derive(Debug, Clone)]
pub(super) struct Strings {
    list: Vec<Arc<str>>,
    places: FxHashMap<Arc<str>, u32>,
}

impl Default for Strings {
    fn default() -> Self {
        let mut strings = Self { list: Vec::new(), places: FxHashMap::default() };
        strings.place("");
        strings
    }
}

impl Strings {
    pub(super) fn place(&mut self, text: &str) -> u32 {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        let (text, place) = (Arc::<str>::from(text), count(self.list.len()));
        self.list.push(Arc::clone(&text));
        self.places.insert(text, place);
        place
    }

    pub(super) fn get(&self, place: usize) -> &str {
        self.list.get(place).map_or("", |text| text)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|text| &**text)
    }

    /// Bytes of memory that they take, but for a few.
    pub(super) fn bytes(&self) -> usize {
        let each = 2 * size_of::<Arc<str>>() + size_of::<u32>();
        self.list.iter().map(|text| text.len() + each).sum()
    }
}

/// Values, each once, in the order in which they came.
#[derive(Debug, Clone)]
pub(super) struct Distinct<T> {
    list: Vec<T>,
    places: FxHashMap<T, u32>,
}

impl<T> Default for Distinct<T> {
    fn default() -> Self {
        Self { list: Vec::new(), places: FxHashMap::default() }
    }
}

impl<T: Clone + Eq + Hash> Distinct<T> {
    pub(super) fn place(&mut self, value: T) -> u32 {
        let next = count(self.list.len());
        *self.places.entry(value).or_insert_with_key(|value| {
            self.list.push(value.clone());
            next
        })
    }

    pub(super) fn get(&self, place: usize) -> Option<&T> {
        self.list.get(place)
    }

    pub(super) fn all(&self) -> &[T] {
        &self.list
    }

    /// Bytes of memory that they take, but for a few, and for what they lead to.
    pub(super) fn bytes(&self) -> usize {
        self.list.len() * (2 * size_of::<T>() + size_of::<u32>())
    }
}

/// Readers refuse files that could have more.
fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
