//! Arithmetic of rows: what is free, and what a replica needs of it.

use crate::resources::Amount;

/// An amount on one node, or of one replica: an [`Amount`] in half its width. Each node has a row of
/// them, which every count goes through.
pub(super) type NodeAmount = i64;

/// An amount on a node or of a replica, which Kubernetes holds in 64 bits, too. A node that lacks
/// more than they hold lacks as much: no replica has a place there either way.
pub(super) fn on_node(amount: Amount) -> NodeAmount {
    amount.clamp(NodeAmount::MIN.into(), NodeAmount::MAX.into()) as NodeAmount
}

/// Takes what replicas need off a row, on which they have room, or gives it back if their number is
/// negative. Of idle CPU, which some take without a need, there may be less than none.
pub(super) fn take(free: &mut [NodeAmount], takes: &[NodeAmount], replicas: NodeAmount) {
    let rows = free.iter_mut().zip(takes);
    rows.for_each(|(free, take)| *free = free.saturating_sub(take * replicas));
}

/// Number of times that `needs` fits into `free`.
pub(super) fn fitting<A: Into<Amount>>(
    free: impl Iterator<Item = A>,
    needs: &[NodeAmount],
) -> Amount {
    let mut most = None;
    for (free, need) in free.zip(needs).filter(|(_, need)| **need > 0) {
        let (free, need) = (free.into(), Amount::from(*need));
        if free < need {
            return 0;
        }
        let times = quotient(free, need);
        most = Some(most.map_or(times, |most: Amount| most.min(times)));
    }
    most.unwrap_or(0)
}

/// Number of `replicas` that fit into `free`. Most often all do, which takes no division.
pub(super) fn fitting_of<A: Into<Amount>, I: Iterator<Item = A>>(
    replicas: NodeAmount,
    free: impl Fn() -> I,
    needs: &[NodeAmount],
) -> NodeAmount {
    let mut needed = free().zip(needs).filter(|(_, need)| **need > 0);
    let all_fit =
        needed.all(|(free, need)| Amount::from(*need) * Amount::from(replicas) <= free.into());
    if all_fit && needs.iter().any(|need| *need > 0) {
        return replicas;
    }
    on_node(fitting(free(), needs)).min(replicas)
}

/// Whether `needs` fits into `free` at all: whether [`fitting`] is above 0.
pub(super) fn has_room(free: &[NodeAmount], needs: &[NodeAmount]) -> bool {
    free.iter().zip(needs).all(|(free, need)| *need <= 0 || free >= need)
        && needs.iter().any(|need| *need > 0)
}

/// `amount / by` of numbers that are not negative. Division of 128 bits takes many times as long as
/// that of 64, in which nearly all amounts fit.
pub(super) fn quotient(amount: Amount, by: Amount) -> Amount {
    match (u64::try_from(amount), u64::try_from(by)) {
        (Ok(amount), Ok(by)) => (amount / by).into(),
        _ => (amount.unsigned_abs() / by.unsigned_abs()) as Amount,
    }
}

/// Number of times that `needs` must be given back so that nothing is below 0.
pub(super) fn missing(left: impl Iterator<Item = Amount>, needs: &[NodeAmount]) -> Amount {
    let of = |(left, need): (Amount, &NodeAmount)| {
        let need = Amount::from(*need);
        (need > 0).then(|| ((-left).max(0) + need - 1) / need)
    };
    left.zip(needs).filter_map(of).max().unwrap_or(0)
}

/// Resource that `free` lacks for one replica of these `needs`; `None` if it has all.
pub(super) fn missing_for(free: &[NodeAmount], needs: &[NodeAmount]) -> Option<Vec<Amount>> {
    let of = |(free, need): (&NodeAmount, &NodeAmount)| {
        (Amount::from(*need) - Amount::from(*free).max(0)).max(0)
    };
    let missing: Vec<Amount> = free.iter().zip(needs).map(of).collect();
    missing.iter().any(|missing| *missing > 0).then_some(missing)
}
