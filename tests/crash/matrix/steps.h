/* SPDX-License-Identifier: Apache-2.0 */
/* The named points of the library, MMS__STEP(name), and a few of the test's own. This file is put in front of each source of
   a build that only this test has. A point that is not in the list does not compile; one that no case reaches fails the
   test. */
#ifndef STEPS_H
#define STEPS_H

#define STEPS(STEP)                 \
    STEP(pin_announced)             \
    STEP(fast_pinned)               \
    STEP(fast_release_checked)      \
    STEP(fast_release_idle)         \
    STEP(trim_punched)              \
    STEP(trim_noted)                \
    STEP(room_noted)                \
    STEP(room_allocated)            \
    STEP(room_populated)            \
    STEP(take_fenced)               \
    STEP(room_slot_counted)         \
    STEP(close_control_unmapped)    \
    STEP(close_readers_unmapped)    \
    STEP(close_data_unmapped)       \
    STEP(publish_size_stored)       \
    STEP(publish_type_half_stored)  \
    STEP(publish_type_stored)       \
    STEP(publish_tag_stored)        \
    STEP(publish_checksum_stored)   \
    STEP(publish_time_stored)       \
    STEP(publish_flags_stored)      \
    STEP(publish_done)              \
    STEP(publish_schema_copied)     \
    STEP(write_copied)              \
    STEP(write_grown)               \
    STEP(write_fenced)              \
    STEP(wait_begun)                \
    STEP(wait_armed)                \
    STEP(wait_falling_asleep)       \
    STEP(wait_woken)                \
    STEP(create_named)              \
    STEP(open_entered)              \
    STEP(open_locked)               \
    STEP(open_control_mapped)       \
    STEP(open_readers_mapped)       \
    STEP(open_data_mapped)          \
    STEP(boot_floor_stored)         \
    STEP(boot_current_cleared)      \
    STEP(boot_half_stored)          \
    STEP(boot_stored)               \
    STEP(open_fence_stored)         \
    STEP(open_nudged)               \
    STEP(open_pid_stored)           \
    STEP(open_signed)               \
    STEP(open_values_known)         \
    STEP(open_table_swept)          \
    STEP(open_flag_set)             \
    STEP(open_wake_stored)          \
    STEP(open_woken)                \
    STEP(create_file_made)          \
    STEP(create_file_sized)         \
    STEP(create_file_reserved)      \
    STEP(create_header_written)     \
    STEP(create_rights_set)         \
    STEP(create_file_filled)        \
    STEP(create_directory_made)     \
    STEP(create_directory_opened)   \
    STEP(create_files_made)         \
    STEP(create_directory_readable) \
    STEP(reclaim_begun)             \
    STEP(reclaim_fenced)            \
    STEP(fence_lost)                \
    STEP(fence_nudged)              \
    STEP(reclaim_line_read)         \
    STEP(reclaim_scanned)           \
    STEP(reclaim_freed)             \
    STEP(evict_chosen)              \
    STEP(claim_sweep_begun)         \
    STEP(claim_pid_stored)          \
    STEP(claim_tid_stored)          \
    STEP(claim_signed)              \
    STEP(release_checked)           \
    STEP(release_idle)              \
    STEP(close_begun)               \
    STEP(read_pinned)               \
    STEP(read_held)                 \
    STEP(refresh_changed)           \
    STEP(replace_built)             \
    STEP(replace_attached)          \
    STEP(replace_carried)           \
    STEP(replace_exchanged)         \
    STEP(replace_old_told)          \
    STEP(replace_old_removed)       \
    STEP(owner_locked)              \
    STEP(bury_locked)               \
    STEP(bury_cleared)              \
    STEP(bury_unlocked)             \
    STEP(region_readers_opened)     \
    STEP(region_readers_mapped)     \
    STEP(region_owner_taken)        \
    STEP(region_registered)         \
    STEP(region_control_mapped)     \
    STEP(region_data_mapped)        \
    STEP(region_unmapped)           \
    STEP(region_opened)             \
    STEP(copy_size_known)           \
    STEP(copy_read)                 \
    STEP(copy_looked)               \
    STEP(remove_file_unlinked)      \
    STEP(bury_tombstone_stored)     \
    STEP(bury_wake_stored)          \
    STEP(bury_woken)                \
    STEP(remove_renamed)            \
    STEP(remove_unlinked)           \
    STEP(remove_mapped)             \
    STEP(remove_locked)             \
    STEP(sweep_locked)              \
    STEP(sweep_unlinked)            \
    STEP(sweep_removed)             \
    STEP(lock_opened)               \
    STEP(lock_taken)                \
    STEP(lock_mapped)               \
    STEP(lock_dropped)              \
    STEP(pin_from_announced)        \
    STEP(pin_from_looked)           \
    STEP(pin_from_narrowed)         \
    STEP(claim_begun)               \
    STEP(claim_mark_raised)         \
    STEP(claim_owner_stored)        \
    STEP(claim_flags_stored)        \
    STEP(claim_mode_stored)         \
    STEP(claim_fenced)              \
    STEP(adopt_mode_stored)         \
    STEP(line_idle)                 \
    STEP(line_freed)                \
    STEP(take_generation_stored)    \
    STEP(publish_described)         \
    STEP(publish_current_stored)    \
    STEP(wait_flag_set)             \
    STEP(wake_flag_cleared)         \
    STEP(wake_word_stored)          \
    STEP(view_held)                 \
    STEP(value_half_written)

#define STEP_ENUM(name) STEP_##name,
enum step { STEPS(STEP_ENUM) STEP_COUNT };
#undef STEP_ENUM

void step_reached(enum step step);

#define MMS__STEP(name) step_reached(STEP_##name)

#endif
