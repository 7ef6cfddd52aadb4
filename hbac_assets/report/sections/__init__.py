"""The sections of the pages: functions from results to headings, sentences, tables and charts."""
