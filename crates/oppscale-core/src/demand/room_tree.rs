//! Finds the best of the nodes that have room for a pod, without looking at each.

use crate::resources::{Amount, CPU, MEMORY, Resources};

/// The whole of a node's cpu or memory, of which a score has parts.
const SCORE_SCALE: Amount = 1 << 20;

/// A binary tree over nodes. Each inner entry has the greatest room of every resource and the
/// greatest score below it, so a search leaves out all that is too small or no better.
///
/// The entry `at` has the children `2 * at` and `2 * at + 1`; the last `nodes.len()` entries
/// are the nodes.
#[derive(Debug)]
pub struct RoomTree {
    /// Numbers of the nodes, ascending.
    nodes: Vec<usize>,
    /// Room of each entry, one row after another.
    room: Vec<Amount>,
    scores: Vec<i64>,
    width: usize,
    /// Number of changes of nodes that the tree has applied.
    pub changes: usize,
    /// Places of lost nodes, ascending, each less the number of those before it.
    lost: Vec<usize>,
    /// Whether lost nodes were left out.
    pub(super) has_loss: bool,
}

impl RoomTree {
    /// A tree over `nodes`, ascending, with room of `width` resources, as it is after `changes`.
    /// `room` gives the room of a node and its [`score`].
    pub fn new<'r>(
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
            lost: Vec::new(),
            has_loss: false,
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
    pub fn update(&mut self, node: usize, room: &[Amount], score: i64) {
        let Ok(at) = self.nodes.binary_search(&node) else { return };
        let at = self.nodes.len() + at;
        self.set(at, room, score);
        self.climb(at);
    }

    /// Combines again all that is above an entry.
    fn climb(&mut self, mut at: usize) {
        while at > 1 {
            at /= 2;
            self.combine(at);
        }
    }

    /// The node with the greatest score among those with room for `needs`, if there is one.
    pub fn best(&self, needs: &[Amount]) -> Option<usize> {
        let mut best = None;
        let count = self.nodes.len() - self.lost.len();
        if count == 0 {
            return None;
        }
        if self.lost.is_empty() {
            self.search(1, needs, &mut best);
            return best.map(|(_, at)| self.nodes[at - count]);
        }
        self.search_rest(1, self.score(&self.cover(1)), needs, &mut best);
        best.map(|(_, at)| self.nodes[self.standing(at - count)])
    }

    /// Leaves nodes out of every search until [`Self::regain`]. `nodes` are ascending.
    pub(super) fn lose(&mut self, nodes: &[usize]) {
        let (row, count) = (vec![Amount::MIN; self.width], self.nodes.len());
        self.has_loss = true;
        for node in nodes {
            let Ok(at) = self.nodes.binary_search(node) else { continue };
            self.lost.push(at - self.lost.len());
            self.set(count + at, &row, i64::MIN);
            self.climb(count + at);
        }
    }

    /// Takes lost nodes in again, which must be updated then.
    pub(super) fn regain(&mut self) {
        self.lost.clear();
        self.has_loss = false;
    }

    /// As [`Self::search`], in a tree over the nodes that are not lost: among equal nodes, it
    /// finds the one that a tree without the others would.
    fn search_rest(
        &self,
        at: usize,
        score: i64,
        needs: &[Amount],
        best: &mut Option<(i64, usize)>,
    ) {
        if best.is_some_and(|(known, _)| score <= known) {
            return;
        }
        let entries = self.cover(at);
        let has_room = needs.iter().enumerate().all(|(name, need)| {
            *need == 0 || entries.iter().any(|entry| *need <= self.row(*entry)[name])
        });
        if !has_room {
            return;
        }
        if at >= self.nodes.len() - self.lost.len() {
            *best = Some((score, at));
            return;
        }
        let of = |at: usize| (at, self.score(&self.cover(at)));
        let (left, right) = (of(2 * at), of(2 * at + 1));
        let (first, second) = if left.1 >= right.1 { (left, right) } else { (right, left) };
        self.search_rest(first.0, first.1, needs, best);
        self.search_rest(second.0, second.1, needs, best);
    }

    /// The entries of this tree that hold what is below `at` in one without the lost nodes.
    fn cover(&self, at: usize) -> Vec<usize> {
        let count = self.nodes.len() - self.lost.len();
        let (mut low, mut high) = (at, at);
        let mut entries = Vec::new();
        while high < count {
            (low, high) = (2 * low, 2 * high + 1);
        }
        if low < count {
            // Leaves are on two levels.
            self.cover_range(0, high - count, &mut entries);
            (low, high) = (2 * low, 2 * count - 1);
        }
        self.cover_range(low - count, high - count, &mut entries);
        entries
    }

    /// The entries that hold the nodes from `first` to `last`, counted without the lost ones.
    fn cover_range(&self, first: usize, last: usize, entries: &mut Vec<usize>) {
        let count = self.nodes.len();
        let (mut low, mut end) = (count + self.standing(first), count + self.standing(last) + 1);
        while low < end {
            if low % 2 == 1 {
                entries.push(low);
                low += 1;
            }
            if end % 2 == 1 {
                end -= 1;
                entries.push(end);
            }
            (low, end) = (low / 2, end / 2);
        }
    }

    /// The place of a node among all from that among those that are not lost.
    fn standing(&self, at: usize) -> usize {
        at + self.lost.partition_point(|lost| *lost <= at)
    }

    fn score(&self, entries: &[usize]) -> i64 {
        entries.iter().map(|entry| self.scores[*entry]).max().unwrap_or(i64::MIN)
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
pub fn has_room(room: &[Amount], needs: &[Amount]) -> bool {
    room.iter().zip(needs).all(|(room, need)| *need == 0 || need <= room)
}

/// Which of several nodes comes first: the free share of its cpu and memory, which begin its row
/// of room.
pub fn score(allocatable: Option<&Resources>, room: &[Amount]) -> i64 {
    let share = |(name, room): (&str, &Amount)| {
        let all = allocatable.map_or(0, |all| all.get(name));
        (*room).clamp(0, all.max(0)) * SCORE_SCALE / all.max(1)
    };
    let shares: Amount = [CPU, MEMORY].into_iter().zip(room).map(share).sum();
    i64::try_from(shares).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Among nodes of few different rooms and scores, so that many are equal.
        #[test]
        fn a_tree_that_lost_nodes_finds_what_a_new_one_does(
            nodes in prop::collection::vec(([0_i128..4, 0_i128..4], 0_i64..4, any::<bool>()), 1..40),
            needs in prop::collection::vec([0_i128..4, 0_i128..4], 1..6),
        ) {
            let of = |at: usize| (&nodes[at].0[..], nodes[at].1);
            let all: Vec<usize> = (0..nodes.len()).collect();
            let (lost, left): (Vec<usize>, Vec<usize>) = all.iter().partition(|at| nodes[**at].2);
            let mut tree = RoomTree::new(&all, 2, 0, of);
            tree.lose(&lost);
            let new = RoomTree::new(&left, 2, 0, of);
            for needs in &needs {
                prop_assert_eq!(tree.best(needs), new.best(needs));
            }
            tree.regain();
            for &node in &lost {
                tree.update(node, of(node).0, of(node).1);
            }
            let whole = RoomTree::new(&all, 2, 0, of);
            for needs in &needs {
                prop_assert_eq!(tree.best(needs), whole.best(needs));
            }
        }
    }
}
