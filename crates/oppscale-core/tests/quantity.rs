//! Quantities against apimachinery 1.36, and their laws.

use oppscale_core::quantity::{Format, Quantity, QuantityError};
use proptest::prelude::*;

/// Rows whose Go result is a silent overflow; ours saturate and say so.
fn overflows(upstream: i128, ours: i64) -> bool {
    i128::from(ours) != upstream && ours == i64::MAX
}

#[test]
fn every_row_of_the_upstream_table_agrees() {
    let table = include_str!("golden/quantity.tsv");
    let mut rows = 0;
    for line in table.lines().filter(|line| line.starts_with('"')) {
        let (input, expected) = line[1..].split_once('"').unwrap();
        let expected = expected.trim();
        let parsed = input.parse::<Quantity>();
        rows += 1;
        if expected.starts_with("ERR") {
            assert!(parsed.is_err(), "{input:?} must be refused, was {parsed:?}");
            continue;
        }
        let quantity = parsed.unwrap_or_else(|error| panic!("{input:?}: {error}"));
        let field = |name: &str| {
            let (_, rest) = expected.split_once(&format!("{name}=")).unwrap();
            rest.split_whitespace().next().unwrap()
        };
        assert_eq!(quantity.to_string(), field("canon"), "canonical form of {input:?}");
        let format = match quantity.format() {
            Format::DecimalSi => "DecimalSI",
            Format::BinarySi => "BinarySI",
            Format::DecimalExponent => "DecimalExponent",
        };
        assert_eq!(format, field("fmt"), "format of {input:?}");
        for (rounded, name) in [(quantity.value(), "Value"), (quantity.milli_value(), "Milli")] {
            let upstream: i128 = field(name).parse().unwrap();
            if overflows(upstream, rounded.value) {
                assert!(rounded.saturated, "{name} of {input:?} is cut without a word");
            } else {
                assert_eq!(i128::from(rounded.value), upstream, "{name} of {input:?}");
            }
        }
    }
    assert!(rows > 100, "the table was read");
}

#[test]
fn an_absurd_exponent_is_an_error_at_once() {
    for text in ["1e2147483648", "1e2147483647", "1e41", "1e99999999999999999999"] {
        let error = text.parse::<Quantity>().unwrap_err();
        assert_eq!(error, QuantityError::ExponentOutOfRange(text.to_owned()));
    }
    let tiny: Quantity = "1e-2147483648".parse().unwrap();
    assert_eq!(tiny.to_string(), "1e-9", "finer than 1n rounds up to 1n");
}

#[test]
fn what_does_not_fit_saturates_and_says_so() {
    let huge: Quantity = "1e40".parse().unwrap();
    assert!(huge.is_saturated() && huge.value().saturated);
    assert_eq!(huge.value().value, i64::MAX);
    let exa: Quantity = "12E".parse().unwrap();
    assert!(!exa.is_saturated(), "12E is held exactly");
    assert!(exa.value().saturated, "but is no int64");
    assert!("1E".parse::<Quantity>().unwrap().milli_value().saturated);
    let long = "9".repeat(100_000);
    assert!(long.parse::<Quantity>().unwrap().is_saturated());
}

#[test]
fn negative_values_round_away_from_zero_in_every_form() {
    // apimachinery documents it and does otherwise for its big decimals (-2.7 -> -1).
    for (text, value, milli) in [("-2.7", -3, -2700), ("-1001u", -1, -2), ("-1.5", -2, -1500)] {
        let quantity: Quantity = text.parse().unwrap();
        assert_eq!(quantity.value().value, value, "{text}");
        assert_eq!(quantity.milli_value().value, milli, "{text}");
    }
}

#[test]
fn what_exceeds_the_range_saturates_in_every_form_and_never_turns_negative() {
    // i128::MAX nano-units are 170141183460469231731687303715.884105727 units.
    let greatest = "170141183460469231731687303715.884105727";
    let quantity: Quantity = greatest.parse().unwrap();
    assert_eq!((quantity.nanos(), quantity.is_saturated()), (i128::MAX, false));
    for text in [
        "170141183460469231731687303715.8841057271",
        "170141183460469231731687303715884105727.1n",
        "170141183460469231731687303715884105.7270001u",
        "170141183460469231731687303715884.105728m",
        "170141183460469231731687303.7158841057270001k",
        "170141183460.4692317316873037158841057270001E",
        "170141183460469231731687303715.8841057271e0",
        "1701411834604692317316873037158841057271e-10",
        "1e40",
        "9e29",
        "9223372036854775807.1Ki",
        "170141183460469231731687303715.8841057271Ei",
        "16Ei",
    ] {
        let quantity: Quantity = text.parse().unwrap();
        assert!(quantity.is_saturated() && !quantity.is_negative(), "{text}");
        assert!(quantity.value().saturated && quantity.value().value == i64::MAX, "{text}");
        let sum = quantity.saturating_add(quantity);
        assert!(!sum.is_negative() && sum.value().saturated, "{text}");
        assert!(!quantity.ceil_to_milli().is_negative(), "{text}");
        let negative: Quantity = format!("-{text}").parse().unwrap();
        assert!(negative.is_negative() && negative.value().saturated, "{text}");
    }
}

#[test]
fn a_sum_keeps_the_left_format_unless_it_is_zero() {
    let sum = |a: &str, b: &str| {
        a.parse::<Quantity>().unwrap().saturating_add(b.parse().unwrap()).to_string()
    };
    assert_eq!(sum("1", "1Ki"), "1025");
    assert_eq!(sum("0", "1Ki"), "1Ki");
    assert_eq!(sum("1Gi", "1M"), "1074741824");
    let tenth: Quantity = "100u".parse().unwrap();
    let ten = (0..10).fold(Quantity::ZERO, |sum, _| sum.saturating_add(tenth));
    assert_eq!(ten.milli_value().value, 1, "the total is rounded, not the parts");
}

fn written() -> impl Strategy<Value = String> {
    let suffix = prop::sample::select(vec![
        "", "n", "u", "m", "k", "M", "G", "T", "P", "Ki", "Mi", "Gi", "Ti", "Pi", "e3", "E-2",
        "e+6",
    ]);
    (prop::bool::ANY, 0_u64..1_000_000_000, 0_u32..1_000_000, suffix).prop_map(
        |(minus, whole, fraction, suffix)| {
            let sign = if minus { "-" } else { "" };
            format!("{sign}{whole}.{fraction:06}{suffix}")
        },
    )
}

/// The value in 10^-20 units, computed another way: big integers over a common denominator.
fn naive_nanos(text: &str) -> i128 {
    let (minus, text) = text.strip_prefix('-').map_or((false, text), |t| (true, t));
    let end = text.find(|c: char| c != '.' && !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap();
    let micros: i128 = format!("{whole}{fraction}").parse().unwrap();
    let (up, down): (i128, i128) = match suffix {
        "n" => (1, 1_000_000_000),
        "u" => (1, 1_000_000),
        "m" => (1, 1000),
        "" => (1, 1),
        "k" | "e3" => (1000, 1),
        "E-2" => (1, 100),
        "M" | "e+6" => (1_000_000, 1),
        "G" => (10_i128.pow(9), 1),
        "T" => (10_i128.pow(12), 1),
        "P" => (10_i128.pow(15), 1),
        binary => (1 << (10 * (1 + "KMGTP".find(&binary[..1]).unwrap())), 1),
    };
    // micros / 10^6 * up / down in nanos, rounded up.
    let (numerator, denominator) = (micros * 1000 * up, down);
    let nanos = (numerator + denominator - 1) / denominator;
    let nanos =
        if suffix.ends_with('i') { nanos.min(i128::from(i64::MAX) * 1_000_000_000) } else { nanos };
    if minus { -nanos } else { nanos }
}

proptest! {
    #[test]
    fn parsing_agrees_with_plain_arithmetic(text in written()) {
        prop_assert_eq!(text.parse::<Quantity>().unwrap().nanos(), naive_nanos(&text));
    }

    #[test]
    fn the_canonical_form_reads_back_as_the_same_value(text in written()) {
        let quantity: Quantity = text.parse().unwrap();
        let canonical = quantity.to_string();
        let again: Quantity = canonical.parse().unwrap();
        prop_assert_eq!(again, quantity);
        prop_assert_eq!(again.to_string(), canonical);
    }

    #[test]
    fn order_and_sum_are_those_of_the_values(a in written(), b in written()) {
        let (a, b): (Quantity, Quantity) = (a.parse().unwrap(), b.parse().unwrap());
        prop_assert_eq!(a.cmp(&b), a.nanos().cmp(&b.nanos()));
        prop_assert_eq!(a.saturating_add(b), b.saturating_add(a));
        prop_assert_eq!(a.saturating_add(b).nanos(), a.nanos() + b.nanos());
    }

    #[test]
    fn rounding_goes_up_by_less_than_one(text in written()) {
        let quantity: Quantity = text.parse().unwrap();
        let milli = quantity.milli_value();
        prop_assume!(!milli.saturated);
        let excess = i128::from(milli.value) * 1_000_000 - quantity.nanos();
        prop_assert!(excess.abs() < 1_000_000 && (excess == 0 || (excess > 0) != quantity.is_negative()));
    }

    #[test]
    fn no_text_makes_it_panic(text in "[-+.0-9eEnumkKMGTPi ]{0,12}") {
        let _ = text.parse::<Quantity>().map(|q| (q.to_string(), q.value(), q.milli_value()));
    }
}
