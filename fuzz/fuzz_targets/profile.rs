//! Any bytes as a profile: an error or a profile without panics, whose values are the same in every format, and when it is read again.

#![no_main]

use flate2::read::GzDecoder;
use heapkit::profile::{
    By, DiffOptions, Format, Maker, Page, Profile, TableOptions, diff, flamegraph, less, read, table, write,
};
use libfuzzer_sys::fuzz_target;
use std::io::Read;

fuzz_target!(|data: &[u8]| {
    let Ok(profile) = read(data) else { return };
    let totals = profile.totals();
    assert_eq!(totals.len(), profile.types().len());
    for (value, total) in totals.iter().enumerate() {
        for by in [By::Function, By::File, By::Package] {
            let answer =
                table(&profile, &TableOptions { by, value, focus: None, ignore: None, top: usize::MAX }, &|| Ok(()))
                    .expect("nobody gives it up");
            assert_eq!((answer.rows.len(), answer.total, answer.shown), (answer.row_count, *total, *total));
            assert_eq!(answer.rows.iter().map(|row| row.flat).sum::<i64>(), *total);
            let same = diff(&profile, &profile, &DiffOptions { by, value, top: 10 }, &|| Ok(())).expect("nobody gives it up");
            assert_eq!((same.rows.len(), same.totals), (0, [*total, *total]));
        }
        let _ = write(&profile, Format::Folded, value, Maker("fuzz"), &|| Ok(()));
        let page = flamegraph(&profile, Some(&profile), value, Page { head: "", tail: "" }, &|| Ok(())).expect("it is small");
        assert!(!page.contains(&b'<'));
    }
    write(&profile, Format::Speedscope, 0, Maker("fuzz"), &|| Ok(())).expect("there is nothing to fail");
    let _ = write(&profile, Format::Text, 0, Maker("fuzz"), &|| Ok(()));
    let read_again = again(&profile);
    assert_eq!((read_again.types(), read_again.totals()), (profile.types(), totals.clone()));
    // Nothing is left of it without itself, whatever became of it on the way.
    let nothing = less(read_again, &profile).expect("they have the same types");
    assert!(nothing.totals().iter().all(|total| *total == 0));
});

fn again(profile: &Profile) -> Profile {
    let bytes = write(profile, Format::Pprof, 0, Maker("fuzz"), &|| Ok(())).expect("there is nothing to fail");
    let mut text = Vec::new();
    GzDecoder::new(bytes.as_slice()).read_to_end(&mut text).expect("it was written whole");
    read(&text).expect("it was written as pprof")
}
