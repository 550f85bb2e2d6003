//! The records of an S-CSCF, in the memory that modules of C read.

mod api;
mod client;
mod foreign;
mod lack;
mod lists;
mod lock;
mod profile;
mod records;
mod refused;
mod size;
mod store;

use crate::Case;

pub(crate) const CASES: &[Case] = &[
    ("scscf::an_identity_is_what_c_reads", records::identity),
    ("scscf::a_contact_is_what_c_reads", records::contact),
    ("scscf::records_of_one_size_share_blocks", records::together),
    ("scscf::texts_that_change_move_to_a_second_block", records::changes),
    ("scscf::parameters_in_a_second_block_move_with_it_wherever_it_lies", records::lower),
    ("scscf::an_identity_without_a_private_one_shows_that_of_its_subscriber", records::private),
    ("scscf::links_lead_both_ways_and_keep_their_order", lists::links),
    ("scscf::a_contact_that_turns_out_to_be_of_3gpp_is_counted", lists::count_3gpp),
    ("scscf::watchers_are_a_list_that_others_may_stand_on", lists::watchers),
    ("scscf::dialogs_of_a_contact_come_and_go", lists::dialogs),
    ("scscf::what_is_removed_rests_before_it_is_freed", records::rest),
    ("scscf::a_record_that_goes_while_linked_leaves_nothing_behind", records::careless),
    ("scscf::a_profile_is_what_c_reads_and_comes_back_as_it_was", profile::round_trip),
    ("scscf::subscribers_with_the_same_criteria_share_one_block", profile::shared),
    ("scscf::a_subscriber_that_finds_no_place_leaves_nothing_behind", profile::discarded),
    ("scscf::a_condition_without_parts_is_one_that_c_can_read", profile::empty_conditions),
    ("scscf::any_profile_comes_back_as_it_was", profile::arbitrary_ones),
    ("scscf::header_names_have_the_numbers_of_the_parser", profile::headers),
    ("scscf::a_profile_that_c_built_is_copied_and_freed_piece_by_piece", foreign::copied),
    ("scscf::a_profile_of_c_that_cannot_be_read_is_refused", foreign::broken),
    ("scscf::memory_that_runs_out_is_a_value_and_leaves_nothing_behind", lack::everywhere),
    ("scscf::c_clients_register_find_change_and_delete", api::life),
    ("scscf::c_clients_that_give_nonsense_are_refused", refused::nonsense),
    ("scscf::a_subscription_of_c_given_for_three_identities_is_copied_once", api::subscription),
    ("scscf::callbacks_run_newest_first_and_without_the_lock", api::callbacks),
    ("scscf::identities_are_packed_for_the_client", api::packed),
    ("scscf::watchers_of_c_clients_are_found_by_their_dialog", api::watchers),
    ("scscf::three_processes_that_register_and_end_one_user_leave_nothing_behind", api::storm),
    ("scscf::the_lock_nests_whatever_it_is_taken_for", lock::nests),
    ("scscf::the_last_lock_of_a_domain_gives_all_back", lock::twice),
    ("scscf::a_lock_that_a_script_forgot_is_given_back", lock::forgotten),
    ("scscf::a_lock_that_a_client_forgot_is_taken_over_after_five_seconds", lock::taken_over),
    ("scscf::who_waits_for_a_process_that_died_inside_gives_up", lock::died),
    ("scscf::a_user_takes_two_fifths_of_what_c_takes", size::users),
];
