//! Paths of an answer, as steps. Whatever the paths are, only what is shown is built, and no more is walked than all paths of one
//! answer have a right to: of those that come then, only the last steps are known, and how many there are.

use super::folding::{Part, fold};
use super::nodes::Nodes;
use super::steps::Step;
use crate::heap::analysis::{ClassId, Heap, Paths};
use crate::heap::graph::{Edge, Graph, Label, Name, Node, scope_info};
use crate::heap::names::looks_like_data;
use crate::heap::v8::{CONTEXT, EdgeKind, NodeKind};

/// So many steps of paths are walked for one answer, in a second or less.
const WALKED: usize = 4_000_000;
/// So many are walked for each path, come what may.
const WALKED_ALWAYS: usize = 100;

/// The paths of one answer.
#[derive(Debug)]
pub(crate) struct Trails<'a> {
    heap: &'a Heap,
    nodes: Nodes<'a>,
    /// Steps that may still be walked.
    left: usize,
}

/// A node, and the reference to it; the root's own say nothing.
type Link = (Node, Option<Edge>);

/// What alike steps have in common: indices and keys differ.
type Key = (EdgeKind, Option<Label>, Called);

/// What a node is called by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Called {
    Class(ClassId),
    Function(Name),
    Scope(Option<Node>),
}

impl<'a> Trails<'a> {
    pub(crate) fn new(heap: &'a Heap) -> Self {
        Self { heap, nodes: Nodes::new(heap), left: WALKED }
    }

    /// What a node is called in these paths.
    pub(crate) fn name(&self, node: Node) -> String {
        self.nodes.name(node)
    }

    /// The shortest path, from the first object that is not the root to `node`.
    pub(crate) fn to(&mut self, node: Node) -> Vec<Step> {
        self.along(self.heap.paths(), node, None)
    }

    /// The same along other paths, and from `node` on over an edge.
    pub(crate) fn along(&mut self, paths: &Paths, node: Node, over: Option<Edge>) -> Vec<Step> {
        let graph = self.heap.graph();
        let reference = |edge: Edge| (graph.target(edge), Some(edge).filter(|_| node != graph.root()));
        let mut way: Vec<Link> = over.map(reference).into_iter().collect();
        let left = self.walk(paths, node, &mut way);
        way.reverse();
        let keys: Vec<Option<Key>> = way.iter().map(|link| self.key(*link)).collect();
        let before = (left > 0).then(|| Step { count: Some(left), ..self.gap(way.first().map(|link| link.0)) });
        before.into_iter().chain(fold(&keys).into_iter().map(|part| self.step(&way, &part))).collect()
    }

    /// Adds the way up from `node` to `way`, that node first. Answers how many more steps there are above.
    fn walk(&mut self, paths: &Paths, node: Node, way: &mut Vec<Link>) -> u64 {
        let graph = self.heap.graph();
        let end = way.len() + WALKED_ALWAYS.max(self.left);
        let mut at = node;
        while at != graph.root() {
            if way.len() == end {
                return self.heap.length_along(paths, at);
            }
            let before = paths.before(graph, at).filter(|(source, _)| *source != graph.root());
            way.push((at, before.map(|(_, edge)| edge)));
            self.left = self.left.saturating_sub(1);
            let Some((source, _)) = before else { break };
            at = source;
        }
        0
    }

    fn key(&self, (node, edge): Link) -> Option<Key> {
        let graph = self.heap.graph();
        let label = |edge| match graph.label(edge) {
            Label::Named(name) if !looks_like_data(graph.text(name)) => Some(Label::Named(name)),
            _ => None,
        };
        let called = match graph.kind(node) {
            NodeKind::Closure => Called::Function(graph.name(node)),
            _ if graph.text(graph.name(node)) == CONTEXT => Called::Scope(scope_info(graph, node)),
            _ => Called::Class(self.heap.classes().of(node)),
        };
        edge.map(|edge| (graph.edge_kind(edge), label(edge), called))
    }

    fn step(&self, way: &[Link], part: &Part) -> Step {
        let at = |step: usize| way.get(step).copied().unwrap_or((self.heap.graph().root(), None));
        match part {
            Part::Step(step) => self.one(at(*step)),
            Part::Left(steps) => Step { count: Some(steps.len() as u64), ..self.gap(Some(at(steps.start).0)) },
            Part::Repeated { steps, cycle } => {
                let last = self.one(at(steps.start + cycle - 1));
                let mut by = String::new();
                for step in steps.start..steps.start + cycle - 1 {
                    let Step { by: reference, name, .. } = self.one(at(step));
                    by += &format!("{reference} {name} ");
                }
                let id = self.heap.graph().id(at(steps.start).0);
                Step { id, by: by + &last.by, count: Some(steps.len() as u64), ..last }
            }
        }
    }

    fn one(&self, (node, edge): Link) -> Step {
        Step::over(self.graph(), &self.nodes, node, edge)
    }

    /// Steps of which nothing is said.
    fn gap(&self, first: Option<Node>) -> Step {
        let id = first.map_or(0, |node| self.graph().id(node));
        Step { id, name: String::new(), edge: "", by: String::new(), count: None }
    }

    fn graph(&self) -> &'a Graph {
        self.heap.graph()
    }
}
