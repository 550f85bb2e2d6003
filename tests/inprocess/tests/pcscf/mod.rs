//! The contacts of a P-CSCF, in the memory that modules of C read.

mod api;
mod contact;
mod lock;
mod look;
mod rest;
mod store;

use crate::Case;

pub(crate) const CASES: &[Case] = &[
    ("pcscf::a_contact_is_what_c_reads_and_one_block", contact::one_block),
    ("pcscf::texts_that_are_part_of_the_contact_uri_are_not_copied_again", contact::texts),
    ("pcscf::identities_are_a_list_whose_first_one_is_the_default", contact::ids),
    ("pcscf::contacts_with_the_same_routes_share_one_block", contact::routes),
    ("pcscf::a_change_is_done_as_a_whole_or_not_at_all", contact::lack),
    ("pcscf::what_is_replaced_rests_before_it_is_freed", rest::replaced),
    ("pcscf::what_is_removed_rests_before_it_is_freed", rest::removed),
    ("pcscf::nothing_is_freed_while_a_process_waits_that_saw_it", rest::visitors),
    ("pcscf::a_clock_that_is_set_back_frees_nothing_early", rest::clock),
    ("pcscf::with_little_memory_the_rest_is_short", rest::short),
    ("pcscf::a_lock_nests_in_its_process_and_keeps_others_out", lock::nests),
    ("pcscf::a_lock_that_was_forgotten_is_given_back", lock::forgotten),
    ("pcscf::who_comes_back_while_contacts_change_gets_nothing", lock::comes_back),
    ("pcscf::c_clients_insert_find_change_and_delete", api::life),
    ("pcscf::c_clients_that_give_nonsense_are_refused", api::nonsense),
    ("pcscf::a_look_keeps_the_domain_locked_until_it_ends", look::locks),
    ("pcscf::a_look_that_finds_nothing_or_is_nonsense_locks_nothing", look::nothing),
    ("pcscf::callbacks_run_newest_first_and_once", api::callbacks),
    ("pcscf::a_callback_is_taken_out_by_its_port", api::unregister),
    ("pcscf::security_is_replaced_and_shared_parts_stay", api::security),
    ("pcscf::ten_thousand_secured_contacts_leave_nothing_behind", api::many),
    ("pcscf::a_domain_that_one_process_adds_is_there_for_all", api::domains),
];
