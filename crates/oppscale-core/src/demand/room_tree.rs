//! Finds the best of the nodes that have room for a pod, without looking at each.

use crate::resources::Amount;

/// A binary tree over nodes. Each inner entry has the greatest room of every resource and the
/// greatest score below it, so a search leaves out all that is too small or no better.
///
/// The entry `at` has the children `2 * at` and `2 * at + 1`; the last `nodes.len()` entries
/// are the nodes.
#[derive(Debug)]
pub(super) struct RoomTree {
    /// Numbers of the nodes, ascending.
    nodes: Vec<usize>,
    /// Room of each entry, one row after another.
    room: Vec<Amount>,
    scores: Vec<i64>,
    width: usize,
    /// How many changes of nodes the tree has taken over.
    pub(super) changes: usize,
}

impl RoomTree {
    /// A tree over `nodes`, with room of this many resources, as it is after `changes`.
    pub(super) fn new<'r>(
        nodes: &[usize],
        width: usize,
        changes: usize,
        room: impl Fn(usize) -> (&'r [Amount], i64),
    ) -> Self {
        let count = nodes.len();
        let mut tree = Self {
            nodes: nodes.to_vec(),
            room: vec![0; 2 * count * width],
            scores: vec![0; 2 * count],
            width,
            changes,
        };
        for (at, node) in nodes.iter().enumerate() {
            let (row, score) = room(*node);
            tree.set(count + at, row, score);
        }
        for at in (1..count).rev() {
            tree.combine(at);
        }
        tree
    }

    /// Takes over the room and score of a node, if it is in the tree.
    pub(super) fn update(&mut self, node: usize, room: &[Amount], score: i64) {
        let Ok(at) = self.nodes.binary_search(&node) else { return };
        let mut at = self.nodes.len() + at;
        self.set(at, room, score);
        while at > 1 {
            at /= 2;
            self.combine(at);
        }
    }

    /// The node with the greatest score among those with room for `needs`.
    pub(super) fn best(&self, needs: &[Amount]) -> Option<usize> {
        let mut best = None;
        if !self.nodes.is_empty() {
            self.search(1, needs, &mut best);
        }
        best.map(|(_, at)| self.nodes[at - self.nodes.len()])
    }

    fn search(&self, at: usize, needs: &[Amount], best: &mut Option<(i64, usize)>) {
        let score = self.scores[at];
        if best.is_some_and(|(known, _)| score <= known) || !has_room(self.row(at), needs) {
            return;
        }
        if at >= self.nodes.len() {
            *best = Some((score, at));
            return;
        }
        let (left, right) = (2 * at, 2 * at + 1);
        let is_left_better = self.scores[left] >= self.scores[right];
        let (first, second) = if is_left_better { (left, right) } else { (right, left) };
        self.search(first, needs, best);
        self.search(second, needs, best);
    }

    fn row(&self, at: usize) -> &[Amount] {
        &self.room[at * self.width..(at + 1) * self.width]
    }

    fn set(&mut self, at: usize, room: &[Amount], score: i64) {
        self.room[at * self.width..(at + 1) * self.width].copy_from_slice(room);
        self.scores[at] = score;
    }

    fn combine(&mut self, at: usize) {
        let (left, right) = (2 * at, 2 * at + 1);
        for name in 0..self.width {
            let of = |child: usize| self.room[child * self.width + name];
            self.room[at * self.width + name] = of(left).max(of(right));
        }
        self.scores[at] = self.scores[left].max(self.scores[right]);
    }
}

/// Whether a pod that needs this finds room: as the scheduler's `NodeResourcesFit` (1.36), what
/// a pod does not ask for is not looked at, be it overcommitted.
pub(super) fn has_room(room: &[Amount], needs: &[Amount]) -> bool {
    room.iter().zip(needs).all(|(room, need)| *need == 0 || need <= room)
}
