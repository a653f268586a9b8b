//! The pods of a simulation, in a slab whose places are used again.

/// The place of a pod in the slab.
pub(super) type PodId = u32;

/// A pod and its number, so that an event for a pod that is gone is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PodRef {
    pub(super) id: PodId,
    pub(super) number: u64,
}

/// State of a pod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PodStage {
    /// It has no node.
    #[default]
    Waiting,
    /// It has a node; its containers start.
    Starting,
    /// It is Running and Ready.
    Ready,
}

/// A pod.
#[derive(Clone, Debug, Default)]
pub(super) struct Pod {
    /// Its workload.
    pub(super) workload: usize,
    /// Its number; older pods have lower ones.
    pub(super) number: u64,
    pub(super) stage: PodStage,
    pub(super) node: Option<usize>,
    /// Its place in the list of its node's pods.
    pub(super) place_on_node: usize,
    /// Its place in the list of its workload's pods, while it is not being deleted.
    pub(super) place_in_workload: usize,
    /// `status.nominatedNodeName`.
    pub(super) nominated: Option<usize>,
    /// Whether `metadata.deletionTimestamp` is set.
    pub(super) deleting: bool,
    /// Whether the scheduler had it deleted.
    pub(super) preempted: bool,
    pub(super) created_ms: u64,
    pub(super) bound_ms: u64,
    pub(super) ready_ms: u64,
}

/// All pods.
#[derive(Clone, Debug, Default)]
pub(super) struct Pods {
    slab: Vec<Pod>,
    unused: Vec<PodId>,
    created: u64,
}

impl Pods {
    /// A new pod without a node.
    pub(super) fn create(&mut self, workload: usize, now: u64, place_in_workload: usize) -> PodId {
        self.created += 1;
        let pod = Pod {
            workload,
            number: self.created,
            place_in_workload,
            created_ms: now,
            ..Pod::default()
        };
        match self.unused.pop() {
            Some(id) => {
                self.slab[id as usize] = pod;
                id
            }
            None => {
                self.slab.push(pod);
                (self.slab.len() - 1) as PodId
            }
        }
    }

    /// Forgets a pod; its place may be used again.
    pub(super) fn forget(&mut self, id: PodId) {
        self.slab[id as usize].number = 0;
        self.unused.push(id);
    }

    /// The pod, if it is still the one that was meant.
    pub(super) fn find(&self, pod: PodRef) -> Option<&Pod> {
        self.slab.get(pod.id as usize).filter(|found| found.number == pod.number)
    }

    /// Identity of a pod in an event.
    pub(super) fn reference(&self, id: PodId) -> PodRef {
        PodRef { id, number: self[id].number }
    }

    /// The pods that exist.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Pod> {
        self.slab.iter().filter(|pod| pod.number > 0)
    }

    /// Number of pods ever created.
    pub(super) fn created(&self) -> u64 {
        self.created
    }
}

impl std::ops::Index<PodId> for Pods {
    type Output = Pod;

    fn index(&self, id: PodId) -> &Pod {
        &self.slab[id as usize]
    }
}

impl std::ops::IndexMut<PodId> for Pods {
    fn index_mut(&mut self, id: PodId) -> &mut Pod {
        &mut self.slab[id as usize]
    }
}
