//! V8's `.heapprofile`: a tree of functions, each with the bytes that are alive of what it allocated. V8 does not say where it was asked for others;
//! heapkit does, in a key of its own.

use json_event_parser::JsonEvent;

use super::json::Events;
use super::place::path;
use crate::error::{Error, Result};
use crate::profile::handles::Stack;
use crate::profile::heapprofile::{ALIVE, ROOT, VALUE};
use crate::profile::model::{Builder, NO_LABELS, Profile, ValueType};

pub(super) fn read(text: &[u8]) -> Result<Profile> {
    let mut events = Events::new(text);
    events.expect(&JsonEvent::StartObject, "its object")?;
    let mut tree = Vec::new();
    let mut value = String::from(ALIVE);
    loop {
        match events.next()? {
            JsonEvent::ObjectKey(key) if key == VALUE => match events.next()? {
                JsonEvent::String(name) => value = name.into_owned(),
                first => events.skip_rest(&first)?,
            },
            JsonEvent::ObjectKey(key) if key == "head" => {
                events.expect(&JsonEvent::StartObject, "`head`")?;
                tree = nodes(&mut events)?;
            }
            JsonEvent::ObjectKey(_) => events.skip()?,
            _ => break,
        }
    }
    events.expect(&JsonEvent::Eof, "its end")?;
    Ok(profile(&tree, &value))
}

#[derive(Default)]
struct Node {
    caller: Option<usize>,
    name: String,
    url: String,
    line: u32,
    column: u32,
    size: i64,
}

/// The tree, whose `{` was read; callers come before whom they call.
fn nodes(events: &mut Events<'_>) -> Result<Vec<Node>> {
    let mut nodes = vec![Node::default()];
    let mut open = vec![0];
    while let Some(&current) = open.last() {
        match events.next()? {
            JsonEvent::ObjectKey(key) => match (&*key, nodes.get_mut(current)) {
                ("callFrame", Some(node)) => call_frame(events, node)?,
                ("selfSize", Some(node)) => node.size = events.integer("selfSize")?,
                ("children", Some(_)) => events.expect(&JsonEvent::StartArray, "`children`")?,
                _ => events.skip()?,
            },
            JsonEvent::StartObject => {
                open.push(nodes.len());
                nodes.push(Node { caller: Some(current), ..Node::default() });
            }
            JsonEvent::EndObject => {
                open.pop();
            }
            // Of `children`.
            JsonEvent::EndArray => {}
            _ => return Err(Error::invalid_profile("has something else in the place of a node", None)),
        }
    }
    Ok(nodes)
}

fn call_frame(events: &mut Events<'_>, node: &mut Node) -> Result<()> {
    events.expect(&JsonEvent::StartObject, "`callFrame`")?;
    // V8 counts from 0, and -1 is nowhere.
    let place = |number: i64| u32::try_from(number.saturating_add(1)).unwrap_or(0);
    loop {
        let JsonEvent::ObjectKey(key) = events.next()? else { return Ok(()) };
        match &*key {
            "lineNumber" => node.line = place(events.integer("lineNumber")?),
            "columnNumber" => node.column = place(events.integer("columnNumber")?),
            _ => match (&*key, events.next()?) {
                ("functionName", JsonEvent::String(name)) => node.name = name.into_owned(),
                ("url", JsonEvent::String(url)) => node.url = url.into_owned(),
                (_, first) => events.skip_rest(&first)?,
            },
        }
    }
}

fn profile(nodes: &[Node], value: &str) -> Profile {
    let mut builder = Builder::new(vec![ValueType::new(value, "bytes")]);
    let mut stacks: Vec<Option<Stack>> = Vec::with_capacity(nodes.len());
    for Node { caller, name, url, line, column, size } in nodes {
        let caller_stack = caller.and_then(|caller| stacks.get(caller).copied().flatten());
        let stack = if caller.is_none() && name == ROOT {
            None
        } else {
            let function = builder.function(name, &path(url), *line, *column);
            let frame = builder.frame(function, 0);
            Some(builder.stack(caller_stack, frame))
        };
        stacks.push(stack);
        if *size != 0 {
            builder.sample(stack, NO_LABELS, [*size]);
        }
    }
    builder.finish()
}
