//! What a running program can reach besides its input, and what keeps it within bounds.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicBool, Ordering};

use jaq_core::data::{DataT, HasLut};
use jaq_core::{Lut, ValXs, Vars};

use super::stop::{Stop, stop};
use super::value::Value;

/// Bytes of stack that a program may use, out of [`STACK_BYTES`](super::run::STACK_BYTES). The rest is for what the
/// last step before the check needs, and for taking the nested things apart afterwards.
const USABLE_STACK_BYTES: usize = 96 << 20;

/// What a program is compiled for.
pub(super) struct Jq;

impl DataT for Jq {
    type V<'a> = Value;
    type Data<'a> = &'a Machine<'a>;
}

/// One run.
pub(super) struct Machine<'a> {
    lut: &'a Lut<Jq>,
    /// An address near the bottom of the stack.
    bottom: usize,
    /// Set when nobody waits for the results any more.
    abandoned: &'a AtomicBool,
    /// What `debug`, `stderr` and `halt_error` say.
    pub(super) messages: RefCell<Vec<Vec<u8>>>,
    /// Counts steps, so that `abandoned` is looked at now and then.
    steps: Cell<u32>,
}

/// The address of something on the stack, to measure with.
#[inline(never)]
fn here() -> usize {
    let marker = 0_u8;
    std::ptr::from_ref(std::hint::black_box(&marker)).addr()
}

impl<'a> Machine<'a> {
    pub(super) fn new(lut: &'a Lut<Jq>, abandoned: &'a AtomicBool) -> Self {
        Self { lut, bottom: here(), abandoned, messages: RefCell::default(), steps: Cell::default() }
    }

    pub(super) fn say(&self, message: Vec<u8>) {
        self.messages.borrow_mut().push(message);
    }

    fn check(&self) {
        if self.bottom.abs_diff(here()) > USABLE_STACK_BYTES {
            stop(Stop::Recursion);
        }
        let steps = self.steps.get().wrapping_add(1);
        self.steps.set(steps);
        if steps.is_multiple_of(256) && self.abandoned.load(Ordering::Relaxed) {
            stop(Stop::Abandoned);
        }
    }
}

/// The interpreter asks for the look-up table at each step, and so each step is checked.
impl<'a> HasLut<'a, Jq> for &'a Machine<'a> {
    fn lut(&self) -> &'a Lut<Jq> {
        self.check();
        self.lut
    }
}

/// The results of the program over `input`.
pub(super) fn results<'a>(
    filter: &'a jaq_core::Filter<Jq>,
    machine: &'a Machine<'a>,
    globals: Vec<Value>,
    input: Value,
) -> ValXs<'a, Value> {
    filter.id.run((jaq_core::Ctx::<Jq>::new(machine, Vars::new(globals)), input))
}
