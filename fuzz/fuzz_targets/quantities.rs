#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| oppscale_fuzz::quantities(bytes));
