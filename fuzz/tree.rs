//! DER as a tree that can be edited: whatever becomes of one node, the lengths above it are right again.

use super::encoding::element;

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) tag: u8,
    /// Zero bytes that stand before the length, which DER forbids; `INDEFINITE` for BER's open end.
    pub(super) padding: u8,
    pub(super) content: Content,
}

pub(super) const INDEFINITE: u8 = 0xff;

#[derive(Clone, Debug)]
pub(super) enum Content {
    Bytes(Vec<u8>),
    /// What stands before the children (the unused bits of a BIT STRING), and these.
    Nodes(Vec<u8>, Vec<Node>),
}

const BIT_STRING: u8 = 3;
const OCTET_STRING: u8 = 4;
const CONSTRUCTED: u8 = 0x20;

impl Node {
    /// The one element that fills `der`; none of what is no DER.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        match &mut read_all(der)?[..] {
            [node] => Some(node.clone()),
            _ => None,
        }
    }

    pub(super) fn write(&self, to: &mut Vec<u8>) {
        let mut content = Vec::new();
        match &self.content {
            Content::Bytes(bytes) => content.extend(bytes),
            Content::Nodes(before, nodes) => {
                content.extend(before);
                nodes.iter().for_each(|node| node.write(&mut content));
            }
        }
        to.push(self.tag);
        if self.padding == INDEFINITE {
            to.push(0x80);
            to.extend(content);
            to.extend([0, 0]);
            return;
        }
        let length = content.len().to_be_bytes();
        let zeros = length.iter().take_while(|byte| **byte == 0).count();
        let digits = &length[zeros..];
        match digits {
            [] if self.padding == 0 => to.push(0),
            [short @ ..0x80] if self.padding == 0 => to.push(*short),
            _ => {
                to.push(0x80 | (digits.len() as u8 + self.padding));
                to.extend(vec![0; self.padding.into()]);
                to.extend(digits);
            }
        }
        to.extend(content);
    }

    pub(super) fn to_der(&self) -> Vec<u8> {
        let mut der = Vec::new();
        self.write(&mut der);
        der
    }

    /// This node and all below it.
    pub(super) fn count(&self) -> usize {
        1 + self.children().iter().map(Self::count).sum::<usize>()
    }

    pub(super) fn children(&self) -> &[Self] {
        match &self.content {
            Content::Bytes(_) => &[],
            Content::Nodes(_, nodes) => nodes,
        }
    }

    pub(super) fn children_mut(&mut self) -> &mut Vec<Self> {
        if let Content::Bytes(bytes) = &mut self.content {
            self.content = Content::Nodes(std::mem::take(bytes), Vec::new());
        }
        match &mut self.content {
            Content::Nodes(_, nodes) => nodes,
            Content::Bytes(_) => unreachable!("just replaced"),
        }
    }

    /// The node with this number, a parent before its children.
    pub(super) fn nth(&mut self, mut number: usize) -> Option<&mut Self> {
        if number == 0 {
            return Some(self);
        }
        number -= 1;
        let Content::Nodes(_, nodes) = &mut self.content else {
            return None;
        };
        for node in nodes {
            let count = node.count();
            if number < count {
                return node.nth(number);
            }
            number -= count;
        }
        None
    }
}

fn read_all(mut der: &[u8]) -> Option<Vec<Node>> {
    let mut nodes = Vec::new();
    while !der.is_empty() {
        let (tag, content, rest) = element(der)?;
        // Tags of more than one byte are left alone with what holds them.
        if tag & 0x1f == 0x1f {
            return None;
        }
        let bits = usize::from(tag == BIT_STRING && !content.is_empty());
        let opens = tag & CONSTRUCTED != 0 || tag == BIT_STRING || tag == OCTET_STRING;
        let content = match read_all(&content[bits..]) {
            Some(nodes) if opens && !nodes.is_empty() => {
                Content::Nodes(content[..bits].to_vec(), nodes)
            }
            _ => Content::Bytes(content.to_vec()),
        };
        nodes.push(Node {
            tag,
            padding: 0,
            content,
        });
        der = rest;
    }
    Some(nodes)
}
