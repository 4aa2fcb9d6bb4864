"""How good the alarms are: false ones a month, and faults that are told of."""
