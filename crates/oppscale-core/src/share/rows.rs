//! Arithmetic of rows: what is free, and what a replica needs of it.

use crate::resources::Amount;

/// Number of times that `needs` fits into `free`.
pub(super) fn fitting(free: impl Iterator<Item = Amount>, needs: &[Amount]) -> Amount {
    let mut most = None;
    for (free, need) in free.zip(needs).filter(|(_, need)| **need > 0) {
        if free < *need {
            return 0;
        }
        let times = quotient(free, *need);
        most = Some(most.map_or(times, |most: Amount| most.min(times)));
    }
    most.unwrap_or(0)
}

/// Number of `replicas` that fit into `free`. Most often all do, which takes no division.
pub(super) fn fitting_of<I: Iterator<Item = Amount>>(
    replicas: Amount,
    free: impl Fn() -> I,
    needs: &[Amount],
) -> Amount {
    let needed = || free().zip(needs).filter(|(_, need)| **need > 0);
    let all_fit = needed().all(|(free, need)| need * replicas <= free);
    if all_fit && needs.iter().any(|need| *need > 0) {
        return replicas;
    }
    replicas.min(fitting(free(), needs))
}

/// Whether `needs` fits into `free` at all: whether [`fitting`] is above 0.
pub(super) fn has_room(free: &[Amount], needs: &[Amount]) -> bool {
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
pub(super) fn missing(left: impl Iterator<Item = Amount>, needs: &[Amount]) -> Amount {
    let of =
        |(left, need): (Amount, &Amount)| (*need > 0).then(|| ((-left).max(0) + need - 1) / need);
    left.zip(needs).filter_map(of).max().unwrap_or(0)
}

/// Resource that `free` lacks for one replica of these `needs`; `None` if it has all.
pub(super) fn missing_for(free: &[Amount], needs: &[Amount]) -> Option<Vec<Amount>> {
    let of = |(free, need): (&Amount, &Amount)| match *need {
        0 => 0,
        need => (need - (*free).max(0)).max(0),
    };
    let missing: Vec<Amount> = free.iter().zip(needs).map(of).collect();
    missing.iter().any(|missing| *missing > 0).then_some(missing)
}
