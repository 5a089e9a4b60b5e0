//! The governor with clocks of the test's own, and a real page.

use super::*;
use crate::error::Error;
use crate::fork::{Offered, Standing};

struct Idle;

impl Outlet for Idle {
    fn offer(&mut self, _: &[u8]) -> Offered {
        Offered::Taken
    }
    fn piece_bytes(&self) -> usize {
        1
    }
    fn look(&self) -> Standing {
        Standing::default()
    }
    fn thread(&self) -> Option<i32> {
        None
    }
    fn patience(&self) -> Duration {
        Duration::MAX
    }
    fn stalled(&self, _: Duration, _: usize) -> Error {
        Error::internal("not here")
    }
}

fn governor(rule: CpuRule, limits: Option<CpuLimits>) -> (Governor, Arc<Throttle>) {
    let throttle = Arc::new(Throttle::default());
    let page = Arc::new(SharePage::new().unwrap());
    let mut governor = Governor::new(rule, page, Arc::clone(&throttle));
    governor.limits = limits;
    (governor, throttle)
}

#[test]
fn a_fixed_share_stays_and_says_how_long_the_child_rested() {
    let (mut governor, throttle) = governor(CpuRule::Share(0.25), None);
    let start = Instant::now();
    assert_eq!(governor.next(start), Duration::MAX);
    // It computes a quarter of the time, then waits for others, which is no rest, then for nobody knows what.
    for (at, cpu) in [(0, 0), (100, 25), (200, 50), (1000, 50)] {
        let at = start + Duration::from_millis(at);
        governor.step(at, Some(Duration::from_millis(cpu)), &Idle, true);
        assert!(governor.may_pass(at, None, &Idle));
    }
    assert_eq!(throttle.share(), 0.25);
    assert_eq!(throttle.held_back(), Duration::from_millis(150));
}

#[test]
fn a_quota_holds_from_the_first_moment_and_ends_when_it_is_lifted() {
    let root = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| {
        let path = root.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    put("proc/self/cgroup", "0::/\n");
    put("proc/self/mountinfo", "30 23 0:26 / /cg rw - cgroup2 cgroup2 rw\n");
    put("cg/cpu.max", "50000 100000");
    put("cg/cpu.stat", "usage_usec 0\nnr_throttled 0\n");
    let (mut governor, throttle) = governor(CpuRule::Auto, Some(CpuLimits::below(root.path())));
    let start = Instant::now();
    let mut at = |ms: u64, child: u64| {
        governor.step(start + Duration::from_millis(ms), Some(Duration::from_millis(child)), &Idle, false);
        throttle.share()
    };
    assert!(at(0, 0) < 0.03, "nothing is known yet");
    for step in 1..10 {
        at(1000 + step * 50, 0);
    }
    // 0.5 less a tenth of it; what this test itself uses meanwhile is its own thread's.
    let share = at(1600, 0);
    assert!(share > 0.2 && share <= 0.45, "{share}");
    // Far too much at a time: it is saved again.
    let share = at(1650, 50_000);
    assert!(share < 0.03, "{share}");
    put("cg/cpu.max", "max 100000");
    assert_eq!(at(1700, 50_000), 1.0);
    put("cg/cpu.max", "rubbish");
    assert_eq!(at(1750, 50_000), 1.0);
    put("cg/cpu.max", "5000 100000");
    assert!(at(1800, 50_000) < 0.05);
    std::fs::remove_dir_all(root.path().join("cg")).unwrap();
    assert_eq!(at(1850, 50_000), 1.0);
}
