"""The monitor's side of drills: runs are opened, heard of and closed here; and the calendar says when one is due."""
