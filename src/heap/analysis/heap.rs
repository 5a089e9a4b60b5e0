//! A snapshot with all that follows from it: the one thing that every question is asked of.
//!
//! The work is split over two threads: dominators and distances, which walk all edges in the order of the graph, on one; shallow
//! sizes and classes on the other; retained sizes when both are done.

#![allow(clippy::indexing_slicing, reason = "ordinals are below the count that the columns were made with")]

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::thread;

use super::classes::{ClassId, Classes};
use super::dominators::{self, Dominators};
use super::ephemerons::Ephemerons;
use super::interfaces::Definitions;
use super::paths::Paths;
use super::tree::Tree;
use super::{distances, owners, roots};
use crate::error::{Error, ErrorKind, Result};
use crate::heap::graph::{Graph, Node, Reader, Sizes, spread};
use crate::heap::reading::Source;

/// What is being done with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Stage {
    /// The file is read; [`Progress::read`] says how far.
    Reading,
    /// Dominators, sizes, distances, classes.
    Analysing,
    /// All is known.
    Done,
}

/// How far the reading is, for other threads to look at, and whether it is still wanted.
#[derive(Debug, Default)]
pub struct Progress {
    stage: AtomicU8,
    read: AtomicU64,
    total: AtomicU64,
    cancelled: AtomicBool,
}

impl Progress {
    /// What is being done.
    pub fn stage(&self) -> Stage {
        match self.stage.load(Ordering::Relaxed) {
            0 => Stage::Reading,
            1 => Stage::Analysing,
            _ => Stage::Done,
        }
    }

    /// Bytes of the file (as it is on disk) that were read, and that it has (0: not known).
    pub fn read(&self) -> (u64, u64) {
        (self.read.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }

    /// Gives the reading up: it ends with `HEAPKIT_ERR_ABORTED`.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    fn enter(&self, stage: Stage) {
        self.stage.store(stage as u8, Ordering::Relaxed);
    }

    /// Whether it is still wanted.
    ///
    /// # Errors
    /// `HEAPKIT_ERR_ABORTED` if not.
    pub fn check(&self) -> Result<()> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(ErrorKind::Aborted { reason: "the reading was cancelled".into() }.into());
        }
        Ok(())
    }

    /// Begins a file; gives the count of its bytes that were read.
    pub fn start(&self, source: &Source) -> &AtomicU64 {
        self.total.store(source.bytes(), Ordering::Relaxed);
        self.read.store(0, Ordering::Relaxed);
        self.enter(Stage::Reading);
        &self.read
    }
}

/// One class, added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassTotals {
    /// Its nodes that have a size.
    pub count: u64,
    /// Bytes of the nodes themselves.
    pub shallow: u64,
    /// Bytes that they and what they dominate take; nodes dominated by another of the class are counted once.
    pub retained: u64,
    /// The least distance from a root.
    pub distance: i32,
}

/// A snapshot with its dominators, sizes, distances and classes.
#[derive(Debug)]
pub struct Heap {
    graph: Graph,
    parents: Vec<u32>,
    tree: Tree,
    retained: Sizes,
    distances: Vec<i32>,
    classes: Classes,
    /// Found when a question needs them.
    paths: OnceLock<Paths>,
}

impl Heap {
    /// Reads a file and works everything out. With `partial`, a file that breaks off gives what there is of it, marked by
    /// [`Graph::incomplete`]. Plain objects are counted under `interfaces`, or under those that fit this heap.
    ///
    /// # Errors
    /// `HEAPKIT_ERR_IO`, `HEAPKIT_ERR_INVALID_SNAPSHOT`, `HEAPKIT_ERR_ABORTED`.
    pub fn open(source: &Source, partial: bool, interfaces: Option<&Definitions>, progress: &Progress) -> Result<Self> {
        let graph = read(source, partial, progress).map_err(|error| error.about(source.name()))?;
        progress.enter(Stage::Analysing);
        let heap = Self::new(graph, interfaces)?;
        progress.check()?;
        progress.enter(Stage::Done);
        Ok(heap)
    }

    /// Works everything out.
    ///
    /// # Errors
    /// `HEAPKIT_ERR_INTERNAL`, should a thread of the analysis panic.
    pub fn new(mut graph: Graph, interfaces: Option<&Definitions>) -> Result<Self> {
        spread(&mut graph);
        let ephemerons = Ephemerons::find(&graph);
        let sizes = graph.take_sizes();
        let (walked, others) = thread::scope(|scope| {
            let (graph, ephemerons) = (&graph, &ephemerons);
            // Distances after dominators, whose columns are the most: together they would be the peak of all memory.
            let walks = move || {
                let dominators = dominators::dominators(graph, ephemerons);
                (dominators, distances::distances(graph, ephemerons))
            };
            let spawned = thread::Builder::new().name("heapkit-analyse".into()).spawn_scoped(scope, walks);
            let others = (owners::give_to_owners(graph, sizes), Classes::find(graph, interfaces));
            let walked = match spawned {
                Ok(thread) => thread.join().map_err(|_| Error::internal("the search for dominators panicked")),
                // Without a second thread it takes longer, and that is all.
                Err(_) => Ok(walks()),
            };
            (walked, others)
        });
        let ((dominators, distances), (sizes, classes)) = (walked?, others);
        graph.put_sizes(sizes);
        let retained = dominators::retained_sizes(&graph, &dominators);
        let Dominators { parent: parents, order } = dominators;
        drop(order);
        let tree = Tree::new(&parents, graph.root());
        Ok(Self { graph, parents, tree, retained, distances, classes, paths: OnceLock::new() })
    }

    /// The nodes and edges.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// What the nodes are counted as.
    pub fn classes(&self) -> &Classes {
        &self.classes
    }

    /// The interfaces that plain objects are counted under.
    pub fn definitions(&self) -> Definitions {
        self.classes.definitions.clone()
    }

    /// The node that dominates this one most closely; the root's is itself.
    pub fn dominator(&self, node: Node) -> Node {
        Node(self.parents[node.0 as usize])
    }

    /// What the node immediately dominates.
    pub fn dominated(&self, node: Node) -> impl Iterator<Item = Node> {
        self.tree.children(node).iter().copied().map(Node)
    }

    /// Bytes that would be free if the node were.
    pub fn retained_size(&self, node: Node) -> u64 {
        self.retained.get(node)
    }

    /// How many references from a root of the user's; see [`crate::heap::NO_DISTANCE`] and [`crate::heap::SYSTEM_DISTANCE`].
    pub fn distance(&self, node: Node) -> i32 {
        self.distances[node.0 as usize]
    }

    /// How many references from a root of the user's, if one of those reaches it.
    pub(crate) fn user_distance(&self, node: Node) -> Option<i32> {
        distances::from_user_root(self.distance(node))
    }

    /// Whether every program has the node at the top of its dominator tree: V8's own roots and the global object.
    pub(crate) fn is_in_every_program(&self, node: Node) -> bool {
        roots::is_in_every_program(&self.graph, node, self.distance(node))
    }

    /// A shortest path to every node.
    pub fn paths(&self) -> &Paths {
        self.paths.get_or_init(|| Paths::find(&self.graph))
    }

    /// The name of a node's class.
    pub fn class_name(&self, node: Node) -> &[u8] {
        &self.classes.get(self.classes.of(node)).name
    }

    /// Everything, in bytes: what the root retains, and what V8 knows of besides.
    pub fn total_size(&self) -> u64 {
        self.retained_size(self.graph.root()).saturating_add(self.graph.header().extra_native_bytes)
    }

    /// Every class, added up, by [`ClassId`].
    pub fn class_totals(&self) -> Vec<ClassTotals> {
        let empty = ClassTotals { count: 0, shallow: 0, retained: 0, distance: i32::MAX };
        let mut totals = vec![empty; self.classes.len()];
        for node in self.graph.nodes() {
            let size = self.graph.self_size(node);
            if size > 0 {
                let class = &mut totals[self.classes.of(node).0 as usize];
                class.count += 1;
                class.shallow += size;
                class.distance = class.distance.min(self.distance(node));
            }
        }
        self.each_top_of_class(|node, class| totals[class.0 as usize].retained += self.retained_size(node));
        totals
    }

    /// Calls `found` with every node of a size that no other such node of its class dominates: those whose retained sizes
    /// may be added up.
    pub fn each_top_of_class(&self, mut found: impl FnMut(Node, ClassId)) {
        self.each_top_of(self.classes.len(), |node| self.classes.of(node).0, |node, class| found(node, ClassId(class)));
    }

    /// The same for any numbering of the nodes, below `count`.
    pub fn each_top_of(&self, count: usize, group_of: impl Fn(Node) -> u32, mut found: impl FnMut(Node, u32)) {
        let mut open = vec![false; count];
        let mut list = vec![self.graph.root()];
        // Groups that are open until the list is that short again.
        let mut marks: Vec<(usize, u32)> = Vec::new();
        while let Some(node) = list.pop() {
            let group = group_of(node);
            let children = self.tree.children(node);
            if !open[group as usize] && self.graph.self_size(node) > 0 {
                found(node, group);
                if !children.is_empty() {
                    open[group as usize] = true;
                    marks.push((list.len(), group));
                }
            }
            list.extend(children.iter().copied().map(Node));
            while let Some((_, group)) = marks.pop_if(|(length, _)| *length == list.len()) {
                open[group as usize] = false;
            }
        }
    }
}

fn read(source: &Source, partial: bool, progress: &Progress) -> Result<Graph> {
    let mut reader = Reader::new();
    let read = source.each_chunk(progress.start(source), &mut |chunk| {
        progress.check()?;
        reader.push(chunk)
    });
    match read {
        Ok(()) if partial => reader.finish_partial(None),
        Ok(()) => reader.finish(),
        Err(error) if partial && matches!(error.kind(), ErrorKind::InvalidSnapshot { .. }) => {
            reader.finish_partial(Some(&error))
        }
        Err(error) => Err(error),
    }
}
