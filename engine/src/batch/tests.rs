//! Runs of calls against a server that answers in one way, or in one way after another.

use super::*;
use crate::testing::{Answer, Silence, Toy, call};
use crate::trial::{Calls, Trial};
use crate::{Delivery, Renewal};

/// Runs 200 calls; `answer` is given the number of the request, from 0.
fn run_of(effect: Effect, answer: impl Fn(usize) -> Result<Answer, Silence>) -> Trial {
    Trial::of(Calls::new(200, call(effect)), Toy, "token", answer)
}

fn run(answer: impl Fn(usize) -> Result<Answer, Silence>) -> Trial {
    run_of(Effect::Once, answer)
}

#[test]
fn where_all_goes_well_all_is_done_and_more_and_more_at_once() {
    let run = run(|_| Ok(Answer::Done));
    assert_eq!((run.sent, run.ended.len()), (200, 200));
    assert!(run.ended.iter().all(|end| *end == Delivery::Done));
    assert!(run.most_at_once >= 8, "{}", run.most_at_once);
}

#[test]
fn a_server_that_only_loses_costs_five_rows() {
    for answer in [Ok(Answer::Unclear), Err(Silence::Reset), Err(Silence::Timeout)] {
        let run = run(|_| answer);
        assert_eq!((run.sent, run.most_at_once), (5, 1), "{answer:?}");
        assert_eq!(run.ended.iter().filter(|end| **end == Delivery::Unknown).count(), 5);
    }
}

#[test]
fn what_would_come_to_every_row_ends_the_run_at_the_first() {
    assert_eq!(run(|_| Ok(Answer::RefusedForAll)).sent, 1);
}

#[test]
fn after_a_success_it_is_one_rows_matter() {
    let run = run(|request| Ok(if request == 0 { Answer::Done } else { Answer::RefusedForAll }));
    assert_eq!(run.sent, 200);
}

#[test]
fn rows_that_are_refused_one_by_one_are_all_tried() {
    let run = run(|_| Ok(Answer::Refused));
    assert_eq!(run.sent, 200);
    assert!(run.ended.iter().all(|end| *end == Delivery::Refused));
}

#[test]
fn a_loss_now_and_then_does_not_end_the_run() {
    let run = run(|request| if request % 9 == 8 { Err(Silence::Reset) } else { Ok(Answer::Done) });
    assert_eq!(run.ended.len(), 200);
    assert_eq!(run.sent, 200);
}

#[test]
fn a_server_that_only_asks_to_wait_is_given_up_after_ten_minutes() {
    for asked in [None, Some(3_600_000)] {
        let run = run(|_| Ok(Answer::Throttled(asked)));
        assert!(run.took < 15 * 60_000, "{} ms", run.took);
        assert!(run.ended.len() < 80 && run.ended.iter().all(|end| !end.may_have_acted()), "{:?}", run.ended);
    }
}

#[test]
fn what_was_not_sent_for_a_moment_is_sent_again() {
    let run = run(|request| if request < 3 { Err(Silence::NotSent) } else { Ok(Answer::Done) });
    assert_eq!(run.ended, [Delivery::Done; 200]);
}

#[test]
fn a_change_that_may_be_repeated_is_and_its_lost_try_is_remembered() {
    let run = run_of(Effect::Repeatable, |request| match request {
        0 => Err(Silence::Reset),
        _ => Ok(Answer::Refused),
    });
    assert_eq!(run.ended.iter().filter(|end| **end == Delivery::Unknown).count(), 1);
    assert_eq!(run.sent, 201);
}

/// A batch of changes, and the ticket of the first, which is under way from 0 on.
fn begun(renewal: Renewal, effect: Effect) -> (Batch<Calls<Toy>>, Ticket) {
    let session = Session::with_token("token", renewal);
    let mut batch = Batch::new(Calls::new(3, call(effect)), Settings::default(), session, Toy);
    let Action::Send { ticket, .. } = batch.poll(0, &mut ()) else { panic!("it may go") };
    (batch, ticket)
}

#[test]
fn what_was_not_ready_in_time_was_not_sent() {
    for (is_sent, timed_out, cancelled) in
        [(false, None, Delivery::NotSent), (true, Some(Delivery::Unknown), Delivery::Unknown)]
    {
        for is_cancelled in [false, true] {
            let (mut batch, ticket) = begun(Renewal::Never, Effect::Once);
            batch.preparing(ticket);
            assert!(!is_sent || batch.prepared(ticket));
            if is_cancelled {
                batch.cancel();
            }
            let Action::Abort { .. } = batch.poll(Settings::default().timeout, &mut ()) else { panic!("it is over") };
            let expected = if is_cancelled { Some(cancelled) } else { timed_out };
            assert_eq!(batch.job.ended.first().copied(), expected, "{is_sent} {is_cancelled}");
            assert!(!batch.prepared(ticket), "it is not wanted any more");
        }
    }
}

#[test]
fn a_stored_token_is_looked_at_when_a_call_could_go_and_nobody_is_woken_before() {
    let (mut batch, first) = begun(Renewal::Shared, Effect::Reads);
    let Action::Send { ticket: second, .. } = batch.poll(0, &mut ()) else { panic!("readings go together") };
    batch.answered(second, Ok(Answer::Throttled(Some(60_000))), 20);
    batch.answered(first, Ok(Answer::Unauthorized), 20);
    let Action::Wait { until: Some(until) } = batch.poll(20, &mut ()) else { panic!("the server asks to wait") };
    assert!(until >= 60_000, "woken at {until} ms");
    assert!(matches!(batch.poll(until, &mut ()), Action::Look), "then it is looked at");
}

#[test]
fn no_wait_is_for_a_time_that_has_passed() {
    // One change is lost; the token of another is refused, while a third keeps the brake shut.
    let (mut batch, first) = begun(Renewal::Shared, Effect::Once);
    batch.answered(first, Ok(Answer::Done), 20);
    let Action::Send { ticket: second, .. } = batch.poll(20, &mut ()) else { panic!("it may go") };
    let Action::Send { ticket: third, .. } = batch.poll(20, &mut ()) else { panic!("two may go") };
    batch.answered(second, Ok(Answer::Unauthorized), 40);
    batch.answered(third, Err(Silence::Reset), 40);
    let Action::Wait { until: Some(until) } = batch.poll(40, &mut ()) else { panic!("a loss pauses all") };
    assert!(until > 40, "woken at {until} ms");
}

#[test]
fn readings_are_not_braked() {
    let run = run_of(Effect::Reads, |_| Ok(Answer::Refused));
    assert!(run.most_at_once > 1);
}

/// A run of so many changes whose first one was refused with the token, and again with a new one.
fn refused_twice(count: usize) -> Batch<Calls<Toy>> {
    let session = Session::with_token("token", Renewal::LogIn);
    let mut batch = Batch::new(Calls::new(count, call(Effect::Once)), Settings::default(), session, Toy);
    for now in [0, 20] {
        let Action::Send { ticket, .. } = batch.poll(now, &mut ()) else { panic!("it may go") };
        batch.answered(ticket, Ok(Answer::Unauthorized), now + 10);
        if now == 0 {
            assert!(matches!(batch.poll(10, &mut ()), Action::LogIn { .. }));
            batch.logged_in(Ok(Login { token: "fresh", lifetime: None, fresh: true }));
        }
    }
    batch
}

#[test]
fn a_call_that_is_refused_with_a_token_which_is_good_for_others_fails_alone() {
    let mut batch = refused_twice(3);
    let Action::Send { ticket, token: "fresh", .. } = batch.poll(30, &mut ()) else { panic!("others go on") };
    assert!(batch.job.ended.is_empty(), "what they come to shows whose fault it is");
    batch.answered(ticket, Ok(Answer::Done), 40);
    assert_eq!(batch.job.ended, [Delivery::Refused, Delivery::Done]);
    assert!(matches!(batch.poll(40, &mut ()), Action::Send { token: "fresh", .. }), "the run goes on");
}

#[test]
fn a_new_token_that_is_refused_for_another_call_too_ends_the_run() {
    let mut batch = refused_twice(3);
    let Action::Send { ticket, .. } = batch.poll(30, &mut ()) else { panic!("others go on") };
    batch.answered(ticket, Ok(Answer::Unauthorized), 40);
    assert!(matches!(batch.poll(40, &mut ()), Action::Done));
    assert_eq!(batch.job.ended, [Delivery::Refused, Delivery::Refused], "nothing else is sent");
}

#[test]
fn a_call_that_no_other_follows_is_not_waited_for() {
    let mut batch = refused_twice(1);
    assert!(matches!(batch.poll(30, &mut ()), Action::Done));
    assert_eq!(batch.job.ended, [Delivery::Refused]);
}

#[test]
fn a_new_token_is_not_given_up_for_the_first_call_that_is_refused() {
    let mut batch =
        Batch::new(Calls::new(3, call(Effect::Once)), Settings::default(), Session::with_login(Renewal::LogIn), Toy);
    assert!(matches!(batch.poll(0, &mut ()), Action::LogIn { .. }));
    batch.logged_in(Ok(Login { token: "fresh", lifetime: None, fresh: true }));
    for (now, answer) in [(10, Answer::Unauthorized), (20, Answer::Done)] {
        let Action::Send { ticket, .. } = batch.poll(now, &mut ()) else { panic!("others go on") };
        batch.answered(ticket, Ok(answer), now + 10);
    }
    assert_eq!(batch.job.ended, [Delivery::Refused, Delivery::Done]);
}
