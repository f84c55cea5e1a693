-- ARGV[4]: how many messages; then the messages. Answers two letters a message.
local answers = publish(5, tonumber(ARGV[4]))
keep_sums()
keep_unique()
return answers
