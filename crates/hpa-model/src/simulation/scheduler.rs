//! The scheduler: the most important pod first, then the oldest.
//!
//! A pod goes to the best node with room. One that finds none may have pods of lower priority
//! evicted, is nominated that node (`nominatedNodeName`), and gets it when the victims have
//! gone; meanwhile no pod that is less important may take the room. A pod that was promised a
//! node takes another as soon as one has room.
//!
//! Preemption is `SelectVictimsOnNode` and `pickOneNodeForPreemption` of kube-scheduler 1.36,
//! without PodDisruptionBudgets, which a filler should not have. All pods of lower priority are
//! taken away in thought, those being deleted included; then as many as possible are let back in,
//! the most important first and among equals the one that has run longest. Of the nodes the one is
//! taken whose most important victim is the least, then the least sum, then the fewest, then the
//! latest started. As upstream, at most a tenth of the nodes but at least 100 are looked at, from a
//! random one on.

use std::cmp::Reverse;

use super::nodes::NominatedPod;
use super::pod::{PodId, PodStage};
use super::world::{Event, World};

/// The distance of two turns of the scheduler, and the pods it tries in one.
#[derive(Clone, Copy, Debug)]
pub(super) struct SchedulerRate {
    every_ms: u64,
    pods: u64,
}

impl SchedulerRate {
    /// The rate of this many pods a second; without a number, all pods at once.
    pub(super) fn of(pods_per_second: Option<u32>) -> Self {
        match pods_per_second.map(u64::from) {
            None => Self { every_ms: 0, pods: u64::MAX },
            Some(rate @ 0..=1000) => Self { every_ms: 1000 / rate.max(1), pods: 1 },
            Some(rate) => Self { every_ms: 1, pods: rate / 1000 },
        }
    }
}

impl World {
    /// Has the scheduler take its next turn, unless it is going to.
    pub(super) fn schedule_soon(&mut self) {
        if !std::mem::replace(&mut self.scheduling, true) {
            let at = self.now.max(self.next_turn_ms);
            self.queue.push(at, Event::Schedule);
        }
    }

    /// One turn of the scheduler.
    pub(super) fn schedule(&mut self) {
        self.scheduling = false;
        self.bind_nominated();
        let mut tried = 0;
        while let Some(workload) = self.most_urgent() {
            if tried == self.rate.pods {
                self.next_turn_ms = self.now + self.rate.every_ms;
                self.schedule_soon();
                return;
            }
            tried += 1;
            self.try_oldest(workload);
        }
    }

    /// The workload whose oldest waiting pod comes next, if its kind may find room at all.
    fn most_urgent(&self) -> Option<usize> {
        let urgent = |at: &usize| {
            let workload = &self.workloads[*at];
            let oldest = workload.waiting.front().map_or(u64::MAX, |id| self.pods[*id].number);
            (workload.level, Reverse(oldest))
        };
        let hopeful = |at: &usize| {
            let workload = &self.workloads[*at];
            !workload.waiting.is_empty() && workload.no_fit_at != Some(self.room)
        };
        self.with_pending.iter().copied().filter(hopeful).max_by_key(urgent)
    }

    fn try_oldest(&mut self, at: usize) {
        let workload = &self.workloads[at];
        let Some(&id) = workload.waiting.front() else { return };
        let request = workload.request(self.pods[id].number);
        let found = match self.is_by_usage() && workload.is_filler {
            true => self.nodes.with_fewest_fillers(request),
            false => self.nodes.best(request, self.strategy),
        };
        if let Some(node) = found {
            self.workloads[at].waiting.pop_front();
            self.bind(id, node);
            return;
        }
        let chosen = if workload.template.preempts { self.choose_victims(at, id) } else { None };
        match chosen {
            Some((node, victims)) => {
                self.workloads[at].waiting.pop_front();
                self.nominate(id, node);
                for victim in victims {
                    self.evict(victim);
                }
            }
            None => self.workloads[at].no_fit_at = Some(self.room),
        }
    }

    /// Promised pods whose victims have gone, and those that some other node has room for.
    fn bind_nominated(&mut self) {
        while let Some(node) = self.freed.pop() {
            let nominated: Vec<_> = self.nodes[node].nominated.iter().map(|n| n.pod).collect();
            for id in nominated {
                let workload = self.pods[id].workload;
                let request = self.workloads[workload].request(self.pods[id].number);
                if self.nodes[node].fits(request) {
                    self.bind_nominated_to(id, node);
                } else if !self.is_being_emptied(node, request.level) {
                    // The room went to someone more important: it has to look again.
                    self.workloads[workload].nominated.retain(|other| *other != id);
                    self.withdraw_nomination(id);
                    self.workloads[workload].wait_again(id, &self.pods);
                }
            }
        }
        let nominated_before = |at: &usize| !self.workloads[*at].nominated.is_empty();
        let mut by_level: Vec<_> =
            self.with_pending.iter().copied().filter(nominated_before).collect();
        by_level.sort_by_key(|at| Reverse(self.workloads[*at].level));
        for at in by_level {
            while let Some(&id) = self.workloads[at].nominated.front() {
                let workload = &self.workloads[at];
                if workload.no_other_fit_at == Some(self.room) {
                    break;
                }
                let request = workload.request(self.pods[id].number);
                match self.nodes.best(request, self.strategy) {
                    Some(node) => self.bind_nominated_to(id, node),
                    None => self.workloads[at].no_other_fit_at = Some(self.room),
                }
            }
        }
    }

    /// Whether pods evicted for someone of this level are still ending on the node.
    fn is_being_emptied(&self, node: usize, level: usize) -> bool {
        self.nodes[node].pods.iter().any(|id| {
            let pod = &self.pods[*id];
            pod.preempted && self.workloads[pod.workload].level < level
        })
    }

    fn nominate(&mut self, id: PodId, node: usize) {
        self.waiting_changes += 1;
        let pod = &mut self.pods[id];
        pod.nominated = Some(node);
        let owner = &mut self.workloads[pod.workload];
        owner.nominated.push_back(id);
        self.nodes[node].nominate(NominatedPod {
            pod: id,
            number: pod.number,
            level: owner.level,
            footprint: owner.template.replica.footprint().clone(),
        });
    }

    /// Takes a promise back, which may be room for other pods.
    pub(super) fn withdraw_nomination(&mut self, id: PodId) {
        if let Some(node) = self.pods[id].nominated.take() {
            self.waiting_changes += 1;
            self.nodes[node].nominated.retain(|nominee| nominee.pod != id);
            self.room_freed(node);
        }
    }

    fn bind_nominated_to(&mut self, id: PodId, node: usize) {
        let workload = self.pods[id].workload;
        self.workloads[workload].nominated.retain(|other| *other != id);
        if self.pods[id].nominated == Some(node) {
            // The promise becomes the pod: no room is freed by it.
            self.pods[id].nominated = None;
            self.nodes[node].nominated.retain(|nominee| nominee.pod != id);
        } else {
            self.withdraw_nomination(id);
        }
        self.bind(id, node);
    }

    /// Gives the pod its node; its containers start.
    fn bind(&mut self, id: PodId, node: usize) {
        let at = self.pods[id].workload;
        self.pending_changes(at, false);
        self.note_delay(id);
        let owner = &self.workloads[at];
        self.nodes.occupy(node, id, owner, &mut self.pods);
        let pod = &mut self.pods[id];
        pod.stage = PodStage::Starting;
        pod.bound_ms = self.now;
        let ready_ms = self.now + owner.template.start_ms;
        self.queue.push(ready_ms, Event::Ready(self.pods.reference(id)));
    }
}

/// `minCandidateNodesPercentage` and `minCandidateNodesAbsolute`.
const MIN_CANDIDATE_PERCENT: usize = 10;
const MIN_CANDIDATES: usize = 100;

/// A priority made positive, so that each victim adds to a sum.
fn weight(priority: i32) -> i64 {
    i64::from(priority) + i64::from(i32::MAX) + 1
}

/// The victims on one node, with the order in which nodes are preferred.
struct Candidate {
    node: usize,
    victims: Vec<PodId>,
    preference: (i64, i64, usize, Reverse<u64>),
}

impl World {
    /// The node and the victims that make room for the pod, if any can.
    pub(super) fn choose_victims(
        &mut self,
        workload: usize,
        id: PodId,
    ) -> Option<(usize, Vec<PodId>)> {
        let count = self.nodes.len();
        let offset = self.scheduler_prng.below(count as u64) as usize;
        let enough = (count * MIN_CANDIDATE_PERCENT / 100).max(MIN_CANDIDATES);
        let request = self.workloads[workload].request(self.pods[id].number);
        let mut best: Option<Candidate> = None;
        let candidates = (0..count)
            .map(|step| (offset + step) % count)
            .filter(|node| self.nodes[*node].fits_after_preemption(request))
            .take(enough);
        for node in candidates {
            let candidate = self.victims_on(node, workload, id);
            let better = |best: &Candidate| candidate.preference < best.preference;
            if !candidate.victims.is_empty() && best.as_ref().is_none_or(better) {
                best = Some(candidate);
            }
        }
        best.map(|candidate| (candidate.node, candidate.victims))
    }

    fn victims_on(&self, node: usize, workload: usize, id: PodId) -> Candidate {
        let owner = &self.workloads[workload];
        let request = owner.request(self.pods[id].number);
        let priority = |id: PodId| self.workloads[self.pods[id].workload].template.priority;
        let mut lower: Vec<_> = self.nodes[node]
            .pods
            .iter()
            .copied()
            .filter(|id| self.workloads[self.pods[*id].workload].level < owner.level)
            .collect();
        lower.sort_by_key(|id| {
            (Reverse(priority(*id)), self.pods[*id].bound_ms, self.pods[*id].number)
        });
        let mut taken = self.nodes[node].sums.requested.clone();
        for id in &lower {
            taken.subtract(self.workloads[self.pods[*id].workload].template.replica.footprint());
        }
        let mut victims = Vec::new();
        for id in lower {
            let footprint = self.workloads[self.pods[id].workload].template.replica.footprint();
            taken.add(footprint);
            if !self.nodes[node].fits_beside(request, &taken) {
                taken.subtract(footprint);
                victims.push(id);
            }
        }
        let highest = victims.first().map_or(0, |id| weight(priority(*id)));
        let sum = victims.iter().map(|id| weight(priority(*id))).sum();
        let first_started = victims
            .iter()
            .filter(|id| weight(priority(**id)) == highest)
            .map(|id| self.pods[*id].bound_ms)
            .min();
        let preference = (highest, sum, victims.len(), Reverse(first_started.unwrap_or(0)));
        Candidate { node, victims, preference }
    }

    /// Deletes a victim; one that is already going only learns why.
    pub(super) fn evict(&mut self, id: PodId) {
        self.pods[id].preempted = true;
        if !self.pods[id].deleting {
            let workload = self.pods[id].workload;
            self.counters.filler_preempted += u64::from(self.workloads[workload].is_filler);
            self.delete_pod(id);
            self.reconcile_soon(workload);
        }
    }
}
