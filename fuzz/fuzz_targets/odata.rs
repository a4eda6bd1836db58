#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| threecx_fuzz::odata::check(data));
