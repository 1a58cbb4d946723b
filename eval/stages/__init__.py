"""The stages of the gate, one a file: functions of a trial that return what they found."""
