"""Somebody else's log laid beside ours: what of theirs is missing here, what they lack, what differs, and why.

columns      which column of the file says what
reading      a CSV or Parquet file, or a frame, as it stands
theirs       its rows as days, banners, players, ids and amounts
ours         what we counted, in the same columns
pairing      which of their rows is which of our events
explaining   why a row has no partner: from records, refusals and how far the data goes
counts       the same for files that have counts and name nobody
words        what each reason says
text         all of it on a terminal
result       the sums, the reasons and the details
"""
