"""What the pages say: a function for each section, from what is known to headings, sentences, tables and figures."""
