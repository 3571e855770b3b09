"""The studio: a local server and one static page to draw, be read, be imitated, recover scans and teach a hand."""
