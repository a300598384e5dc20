# The list of shares.
list-title = Received copies
list-counts = Received copies by verdict
list-count-all = All
list-filter = Filter
filter-branch = Branch
filter-service = Service
filter-verdict = Verdict
filter-from = Date from
filter-to = Date to
filter-any = All
filter-apply = Show
filter-reset = Reset
list-caption = Received copies, the newest first
list-shown = { $count ->
        [one] { $count } received shown
       *[other] { $count } received shown
    }
list-empty = No copies have been received
    .hint = As soon as a visitor sends copies from the Diia app, they appear here.
list-empty-filtered = No matches
    .hint = Change or reset the filter.
column-verdict = Verdict
column-received = Received
column-branch = Branch
column-service = Service
column-notes = Notes
service-unknown = undetermined
destroyed-mark = destroyed on { $day }
notes-none = no notes
notes-missing = Missing: { $documents }
notes-more = { $count ->
        [one] and { $count } more note
       *[other] and { $count } more notes
    }
paging = Pages of the list
older = Older
newest = To the start
