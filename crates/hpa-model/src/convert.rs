//! Go's number conversions, on which the controller's corner cases hang.
//!
//! `int32(f)` and `int64(f)` of a float that does not fit are left open by the Go
//! specification; on amd64 they give the smallest integer, and NaN does too. Rust's `as`
//! saturates instead, so it is never used for them here.

/// Go's `int32(f)` on amd64: truncation, or `MinInt32` when `f` does not fit or is NaN.
pub(super) fn go_int32(f: f64) -> i32 {
    let whole = f.trunc();
    if (-2_147_483_648.0..=2_147_483_647.0).contains(&whole) { whole as i32 } else { i32::MIN }
}

/// Go's `int64(f)` on amd64: truncation, or `MinInt64` when `f` does not fit or is NaN.
pub(super) fn go_int64(f: f64) -> i64 {
    // 2^63 itself is a float and does not fit.
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&f) {
        f as i64
    } else {
        i64::MIN
    }
}

/// `int32(math.Ceil(f))`, optionally capped at `MaxInt32` before the conversion.
pub(super) fn ceil_replicas(f: f64, cap: bool) -> i32 {
    if cap && f > f64::from(i32::MAX) { i32::MAX } else { go_int32(f.ceil()) }
}

/// A replica count as the API has it (`int32`).
pub(super) fn int32(replicas: u32) -> i32 {
    i32::try_from(replicas).unwrap_or(i32::MAX)
}

/// A replica count for the outside; negative counts never leave the controller.
pub(super) fn count(replicas: i32) -> u32 {
    u32::try_from(replicas).unwrap_or(0)
}

/// Milliseconds as a signed stamp, so that cutoffs before the epoch exist.
pub(super) fn stamp(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn out_of_range_floats_become_the_smallest_integer() {
        assert_eq!(go_int32(2_147_483_648.0), i32::MIN);
        assert_eq!(go_int32(2_147_483_647.9), i32::MAX);
        assert_eq!(go_int32(-2_147_483_648.9), i32::MIN);
        assert_eq!(go_int32(-1.9), -1);
        assert_eq!(go_int32(f64::NAN), i32::MIN);
        assert_eq!(go_int64(f64::INFINITY), i64::MIN);
        assert_eq!(go_int64(9_223_372_036_854_775_808.0), i64::MIN);
        assert_eq!(go_int64(-1.5), -1);
    }

    #[test]
    fn the_cap_turns_a_wrap_into_the_largest_count() {
        assert_eq!(ceil_replicas(3e9, false), i32::MIN);
        assert_eq!(ceil_replicas(3e9, true), i32::MAX);
        assert_eq!(ceil_replicas(1.2, true), 2);
    }
}
