"""The demonstration firm: invented people, projects and reviews, told through the real services.

`seed_demo` runs it. people.py, projects.py and pieces.py say who and what there is; acts.py does one act of the chain;
story.py tells what happens to each deliverable, clock.py in which order; workbooks.py and reports.py make the files.
"""
