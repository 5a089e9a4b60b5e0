//! A snapshot with all that follows from it: the one thing that every question is asked of.
//!
//! Two threads share the work. One finds dominators and distances, which walk all edges in the order of the graph; the other
//! finds shallow sizes and classes. Retained sizes follow when both are done.

#![allow(clippy::indexing_slicing, reason = "ordinals are below the count that the columns were made with")]

use std::sync::OnceLock;
use std::thread;

use super::bits::Bits;
use super::classes::Classes;
use super::dominators::{self, Dominators};
use super::ephemerons::Ephemerons;
use super::interfaces::Definitions;
use super::paths::Paths;
use super::tree::Tree;
use super::{distances, owners, roots};
use crate::error::{Error, Result, guard};
use crate::heap::graph::{Graph, Node, Sizes, spread};
use crate::heap::reading::{attend, checkpoint, current};
use crate::source_maps::MapsUsed;

/// A snapshot with its dominators, sizes, distances and classes.
#[derive(Debug)]
pub struct Heap {
    graph: Graph,
    parents: Vec<u32>,
    pub(super) tree: Tree,
    retained: Sizes,
    distances: Vec<i32>,
    classes: Classes,
    /// Found when a question first needs them.
    paths: OnceLock<Paths>,
    /// What was found, where maps were looked for.
    pub(super) maps_used: Option<MapsUsed>,
}

impl Heap {
    /// Works everything out.
    ///
    /// # Errors
    /// `HEAPKIT_ERR_INTERNAL`, should a thread of the analysis panic. Work that is given up (see `Progress::run`) unwinds.
    pub fn new(mut graph: Graph, interfaces: Option<&Definitions>) -> Result<Self> {
        spread(&mut graph);
        let ephemerons = Ephemerons::find(&graph);
        let sizes = graph.take_sizes();
        let work = current();
        let (walked, others) = thread::scope(|scope| {
            let (graph, ephemerons, work) = (&graph, &ephemerons, &work);
            // Distances after dominators, whose columns are the most: together they would be the peak of all memory.
            let walks = move || {
                let walk = || {
                    let dominators = dominators::dominators(graph, ephemerons);
                    Ok((dominators, distances::distances(graph, ephemerons)))
                };
                guard("the search for dominators", || attend(work.clone(), walk))
            };
            let spawned = thread::Builder::new().name("heapkit-analyse".into()).spawn_scoped(scope, walks);
            let others = (owners::give_to_owners(graph, sizes), Classes::find(graph, interfaces));
            let walked = match spawned {
                Ok(thread) => thread.join().unwrap_or_else(|_| Err(Error::internal("the analysis panicked"))),
                // Without a second thread it takes longer, and that is all.
                Err(_) => walks(),
            };
            (walked, others)
        });
        let ((dominators, distances), (sizes, classes)) = (walked?, others);
        graph.put_sizes(sizes);
        let retained = dominators::retained_sizes(&graph, &dominators);
        let Dominators { parent: parents, order } = dominators;
        drop(order);
        let tree = Tree::new(&parents, graph.root());
        Ok(Self { graph, parents, tree, retained, distances, classes, paths: OnceLock::new(), maps_used: None })
    }

    /// The nodes and edges.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The source maps that were found, where they were looked for.
    pub fn maps_used(&self) -> Option<&MapsUsed> {
        self.maps_used.as_ref()
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
        // Whoever asks goes through the tree.
        checkpoint(node.0);
        self.tree.children(node).iter().copied().map(Node)
    }

    /// The node itself, and all that it dominates.
    pub(crate) fn dominated_by(&self, node: Node) -> Bits {
        let mut all = Bits::new(self.graph.node_count());
        let mut list = vec![node];
        while let Some(node) = list.pop() {
            all.insert(node.0);
            list.extend(self.dominated(node));
        }
        all
    }

    /// Bytes that would be free if the node were.
    pub fn retained_size(&self, node: Node) -> u64 {
        self.retained.get(node)
    }

    /// How many references away from a user root it is, or [`NO_DISTANCE`](super::NO_DISTANCE), or
    /// [`SYSTEM_DISTANCE`](super::SYSTEM_DISTANCE) and more.
    pub fn distance(&self, node: Node) -> i32 {
        self.distances[node.0 as usize]
    }

    /// How many references away from a user root it is, if one reaches it.
    pub(crate) fn user_distance(&self, node: Node) -> Option<i32> {
        distances::from_user_root(self.distance(node))
    }

    /// The distance along some paths.
    pub(crate) fn distance_along(&self, paths: &Paths, node: Node) -> i32 {
        paths.own_distance(node).unwrap_or_else(|| self.distance(node))
    }

    /// How many objects the path to a node has, with that and without the root.
    pub(crate) fn length_along(&self, paths: &Paths, node: Node) -> u64 {
        distances::steps(self.distance_along(paths, node))
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

    /// Bytes of memory that the heap's columns take, with that of the paths, which the first question about them adds.
    pub fn bytes(&self) -> usize {
        let column = self.parents.capacity() * size_of::<u32>();
        let (distances, paths) = (column, column);
        self.graph.bytes()
            + column
            + self.tree.bytes()
            + self.retained.bytes()
            + distances
            + self.classes.bytes()
            + paths
    }

    /// Everything, in bytes: what the root retains, and what V8 knows of besides.
    pub fn total_size(&self) -> u64 {
        self.retained_size(self.graph.root()).saturating_add(self.graph.header().extra_native_bytes)
    }
}
